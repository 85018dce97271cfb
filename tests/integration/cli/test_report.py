"""A report from the tables tells what the tables hold."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from decimal import Decimal
from pathlib import Path

import pytest
from psycopg.types.json import Jsonb

from cli.app import run
from cli.errors import EXIT_FAILED, EXIT_OK
from lab.report.statistics import statistics_of
from lab.report.tables import NoAccountError, read_tables
from shared.domain.money import Cash
from tests.integration.cli.test_readings import bought, settled, sold
from tests.integration.db.desk import ACCOUNT, DURING, Desk

pytestmark = pytest.mark.servers


@pytest.fixture
def desk(postgres_database: str) -> Iterator[Desk]:
    """Three markets: won, sold early at a loss, and one that is still open."""
    opened = Desk.opened(postgres_database)
    opened.add_market("m2")
    opened.add_market("m3")
    opened.connection.execute(
        "insert into strike (market_id, price, source, provenance, occurred_at)"
        " values ('m1', 100000, 'synthetic', 'exact', %s)",
        (DURING,),
    )
    opened.connection.execute(
        "insert into decision values (%s, 'm1', 'Up', 'placed', '', 0.80, 1, %s, %s, %s, null),"
        " (%s, 'm1', 'Up', 'refused', 'NO_BID', null, 7, %s, %s, null, null)",
        (
            *(ACCOUNT, DURING - timedelta(minutes=1), DURING, Jsonb({"inputs": {"fair_value": "0.83"}})),
            *(ACCOUNT, DURING - timedelta(minutes=2), DURING),
        ),
    )
    bought(opened, "m1")
    opened.swept_past_the_end()
    settled(opened, "m1", "1")
    bought(opened, "m2")
    sold(opened, "m2", ("12", "0.90"), ("8", "0.40"))
    bought(opened, "m3")
    yield opened
    opened.close()


def test_closed_positions_are_told_with_entries_shadow_and_fair_value(desk: Desk) -> None:
    record = read_tables(desk.connection)
    won, left = sorted(record.trades, key=lambda trade: trade.market)

    assert (won.market, won.profit, won.payout, won.left_early) == ("m1", Cash.of("4"), 1, False)
    assert (left.market, left.profit, left.left_early) == ("m2", Cash.of("-2"), True)
    assert (won.shadow_profit, left.shadow_profit) == (Cash.of("0.82123"), Cash.of("-5"))
    (entry,) = won.entries
    assert (str(entry.price), str(entry.shares), entry.minute, entry.rung) == ("0.80", "20", 5, 0)
    assert (entry.fair_value, left.entries[0].fair_value) == (Decimal("0.83"), None)
    assert (record.unsettled, record.mode) == (1, "paper, fills simulated at the simulator")
    assert (record.prices, record.warning[:34]) == ("synthetic", "The coin's prices are synthetic: n")
    assert statistics_of(record).reasons == (("NO_BID", 7),)


def test_the_account_that_ordered_last_is_told_and_the_others_are_named(desk: Desk) -> None:
    desk.one("select account_id from open_account('sim:live:0x', 'sim', 'live', '0x', 50)")
    assert read_tables(desk.connection).source == f"account {ACCOUNT}"
    other = read_tables(desk.connection, "sim:live:0x")
    assert (other.trades, other.notes) == ((), (f"Not in this report: account {ACCOUNT}.",))
    with pytest.raises(NoAccountError, match=f"there is {ACCOUNT}, sim:live:0x"):
        read_tables(desk.connection, "sim:live:0y")


def test_the_command_writes_a_page_of_the_tables_and_a_page_of_an_empty_period(
    desk: Desk, postgres_database: str, tmp_path: Path
) -> None:
    out = tmp_path / "page.html"
    here = ["report", "--postgres-url", postgres_database, "--out", str(out)]
    assert run(here) == EXIT_OK
    assert f"account {ACCOUNT}" in out.read_text()
    assert run([*here, "--from", "2030-01-01"]) == EXIT_OK
    assert "No position closed in this period." in out.read_text()
    assert run([*here, "--account", "nobody"]) == EXIT_FAILED
