"""The wallet's dollars at the simulator beside our ledger: what nothing explains is a case, until it is told."""

from __future__ import annotations

import httpx
import pytest

from cli.app import run
from cli.errors import EXIT_OK
from services.settlement.bootstrap import start as start_settlement
from shared.domain.order import TimeInForce
from tests.integration.executor.conftest import LiveDesk, WalletDesk, redeeming_venue, wallet_desk
from tests.integration.fills.test_standing_proof import OPEN_CASES, measured, soon, start

__all__ = ["redeeming_venue", "soon", "wallet_desk"]

pytestmark = pytest.mark.servers
DOLLAR = 1_000_000
STATED = "select count(*) from cash_statement"
CASH = "select cash from cash_statement"
SIDES = "select (ours::bigint - theirs::bigint)::text from unexplained_case where kind = 'dollars'"


def move(live: LiveDesk, amount: int) -> None:
    """Past us, as the owner of the wallet may at any time."""
    body = {"address": live.floor.account.rpartition(":")[2], "amount": amount}
    httpx.post(f"{live.venue.http}/sim/cash", json=body).raise_for_status()


def adjust(live: LiveDesk, *words: str) -> int:
    return run(["adjust", *words, "--postgres-url", live.floor.settings.postgres_url])


async def counted(live: LiveDesk) -> None:
    await live.floor.until(lambda: live.floor.one(STATED), 1)


async def test_a_wallet_that_loses_a_dollar_is_a_case_until_the_dollar_is_told(live: LiveDesk) -> None:
    context = await start(live)
    await counted(live)

    move(live, -DOLLAR)

    await live.floor.until(lambda: live.floor.one(OPEN_CASES), ["dollars"])
    assert await live.floor.one("select trading_state::text from account") == "reducing"
    assert await live.floor.one(SIDES) == str(DOLLAR)
    assert measured(context, "unexplained", kind="dollars") == 1

    assert adjust(live, "withdraw", "1", "--note", "lunch") == EXIT_OK

    await live.floor.until(lambda: live.floor.one(OPEN_CASES), [])
    await live.floor.until(lambda: live.floor.one("select trading_state::text from account"), "active")
    assert await live.floor.one("select detail from operator_action where act = 'withdraw'") == "1 dollars: lunch"
    assert await live.floor.one("select event || ' ' || amount from ledger_entry where debit = 'capital'") == (
        "withdraw 1"
    )


async def test_dollars_that_came_by_themselves_are_told_of_and_trading_goes_on(live: LiveDesk) -> None:
    context = await start(live)
    await counted(live)

    move(live, DOLLAR)

    await live.floor.until(lambda: live.floor.one(OPEN_CASES), ["surplus"])
    assert await live.floor.one("select trading_state::text from account") == "active"
    assert measured(context, "unexplained", kind="surplus") == 1

    assert adjust(live, "deposit", "1", "--note", "a rebate") == EXIT_OK

    await live.floor.until(lambda: live.floor.one(OPEN_CASES), [])


@pytest.mark.parametrize("redeeming_venue", ["v2"], indirect=True)
async def test_what_was_won_is_explained_while_it_is_tokens_and_once_it_is_cash(wallet_desk: WalletDesk) -> None:
    floor, up = wallet_desk.floor, wallet_desk.market.outcomes[0]
    context = await start(wallet_desk)
    await floor.start("settlement", start_settlement)
    await counted(wallet_desk)
    await floor.bid(wallet_desk.market.market, up.token, "0.99", "10", outcome=up.name, time_in_force=TimeInForce.FOK)

    await floor.until(lambda: floor.one("select settled_kind::text from market_guard"), "venue")
    payable = await floor.one("select sum(settled_shares * settled_payout) from positions")
    assert payable > 0, "this seed's winner is another one now"
    await floor.until(lambda: floor.one("select sum(paid_out) from positions"), payable)

    moved = "select 1000 + sum(balance) from ledger_balance where book in ('cash', 'reserved')"
    await floor.until(lambda: floor.one("select cash = (" + moved + ") from cash_statement"), expected=True)
    assert await floor.one("select count(*) from unexplained_case") == 0
    assert measured(context, "unexplained", kind="dollars") == 0
