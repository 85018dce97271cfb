"""What `explain MARKET` says is what the bidder wrote, of the instant that is asked about."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import timedelta
from decimal import Decimal

import pytest

from cli.app import run
from cli.decision_log import Decided, Question, decided
from cli.errors import EXIT_FAILED, EXIT_OK, CommandError
from services.bidder.adapters.postgres import PostgresDecisions
from services.bidder.domain.decisions import Episode, Inputs, Look
from shared.db.pool import new_pool
from shared.domain.ids import AccountId, MarketId, TokenId
from shared.domain.money import Price
from shared.domain.verdict import Verdict
from tests.integration.db.desk import ACCOUNT, DURING, Desk

pytestmark = pytest.mark.servers
MINUTE = timedelta(minutes=1)


@pytest.fixture
def desk(postgres_database: str) -> Iterator[Desk]:
    opened = Desk.opened(postgres_database, market="btc-updown-1")
    opened.add_market("btc-updown-2")
    yield opened
    opened.close()


def look(value: str, *, passed: bool) -> Look:
    inputs = Inputs(((TokenId("t"), 7),), None, None, None, None, None)
    return Look(inputs, (Verdict("bid in range", value, "0.75 to 0.85", passed),), None)


def episode(outcome: str, verdict: str, reason: str, first: int, last: int) -> Episode:
    """Begun and ended so many minutes after `DURING`."""
    looks = look(f"at {first}", passed=not reason), look(f"at {last}", passed=not reason)
    times = DURING + first * MINUTE, DURING + last * MINUTE
    return Episode(MarketId("btc-updown-1"), outcome, verdict, reason, Price.of("0.80"), 5, *times, *looks)


async def logged(url: str) -> None:
    async with new_pool(url, "bidder") as pool:
        await PostgresDecisions(pool, AccountId(ACCOUNT)).write(
            [
                episode("Up", "refused", "NO_BID", 0, 1),
                episode("Up", "placed", "", 2, 2),
                episode("Up", "refused", "ALREADY_WORKING", 3, 5),
                episode("Down", "refused", "BID_OUT_OF_RANGE", 0, 5),
            ]
        )


def answers(
    desk: Desk, at: str | None = None, outcome: str | None = None, market: str = "btc-updown-1"
) -> list[Decided]:
    return decided(desk.connection, Question(market, at, outcome))


async def test_the_latest_decision_of_each_outcome_is_shown_with_its_last_look(
    desk: Desk, postgres_database: str
) -> None:
    await logged(postgres_database)
    down, up = answers(desk)
    assert (down.row["reason"], up.row["reason"]) == ("BID_OUT_OF_RANGE", "ALREADY_WORKING")
    assert up.filters == [{"name": "bid in range", "value": "at 5", "limit": "0.75 to 0.85", "passed": False}]
    assert up.headline.endswith("5 looks from 2026-04-01 12:08:00 to 2026-04-01 12:10:00")


async def test_what_was_decided_at_an_instant_is_the_run_that_had_begun_last(
    desk: Desk, postgres_database: str
) -> None:
    await logged(postgres_database)
    (placed,) = answers(desk, "12:07:30", "up")
    (before,) = answers(desk, "12:06:59", "up")
    assert (placed.row["verdict"], before.row["reason"]) == ("placed", "NO_BID")
    (within,) = answers(desk, "12:09", "up")
    assert (within.row["looked_at"], within.filters[0]["value"]) == (DURING + 3 * MINUTE, "at 3")
    assert (within.row["price"], placed.row["price"]) == (None, Decimal("0.80"))


async def test_a_market_may_be_named_by_how_it_begins(desk: Desk, postgres_database: str) -> None:
    await logged(postgres_database)
    with pytest.raises(CommandError, match="several markets begin so: btc-updown-1, btc-updown-2"):
        answers(desk, market="btc")
    with pytest.raises(CommandError, match="xrp: no such market"):
        answers(desk, market="xrp")
    with pytest.raises(CommandError, match="btc-updown-2: no decision is logged"):
        answers(desk, market="btc-updown-2")
    with pytest.raises(CommandError, match="no decision of Up is logged by 2026-04-01 12:04:59 UTC"):
        answers(desk, "12:04:59", "Up")


async def test_the_command_prints_the_chain(
    desk: Desk, postgres_database: str, capsys: pytest.CaptureFixture[str]
) -> None:
    await logged(postgres_database)
    asked = ["explain", "btc-updown-1", "--outcome", "Up", "--postgres-url", postgres_database]
    assert run(asked) == EXIT_OK
    assert "refused (ALREADY_WORKING)" in capsys.readouterr().out
    assert run([*asked, "--json"]) == EXIT_OK
    (row,) = json.loads(capsys.readouterr().out)
    assert (row["verdict"], row["price"], row["inputs"]["tops"]) == ("refused", "0.80", {"t": 7})
    assert run([*asked, "--at", "11:00"]) == EXIT_FAILED
