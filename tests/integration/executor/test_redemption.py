"""A deposit wallet's tokens become cash at a simulator, on both protocol versions, once, through any crash."""

from __future__ import annotations

import asyncio
from decimal import Decimal
from typing import Any

import pytest

from lab.replay.journals import compare_all
from services.executor.bootstrap import start as start_executor
from services.fills.bootstrap import start as start_fills
from services.settlement.bootstrap import start as start_settlement
from shared.domain.order import TimeInForce
from tests.integration.executor.conftest import WalletDesk
from tests.integration.executor.crashing import died, dying, referee

pytestmark = pytest.mark.servers
WHILE_REDEEMING = ("redemption_recorded", "redemption_submitted")
STATUSES = "select array_agg(action || ' ' || status order by recorded_at) from redemption"
REQUEST = "select request_redemption(%s, %s, %s::redemption_action, %s, now(), 'test')"


async def told(desk: WalletDesk) -> dict[str, Any]:
    """What the venue's own ledger says of the account."""
    return (await referee(desk))["balances"][desk.signer.address]


async def cash(desk: WalletDesk) -> Decimal:
    return Decimal((await told(desk))["collateral"]) / 10**6


async def spent(desk: WalletDesk) -> Decimal:
    trades = (await referee(desk))["trades"]
    return sum((Decimal(each["price"]) * Decimal(each["size"]) + Decimal(each["fee"]) for each in trades), Decimal(0))


async def tokens(desk: WalletDesk) -> dict[str, str]:
    return (await told(desk))["tokens"]


async def statuses(desk: WalletDesk) -> list[str]:
    return await desk.floor.one(STATUSES)


async def is_resolved(desk: WalletDesk) -> bool:
    markets = (await referee(desk))["markets"]
    return next(each["resolved"] for each in markets if each["condition_id"] == desk.market.market)


async def request(desk: WalletDesk, action: str, dollars: int) -> None:
    """As settlement does; the executor's relay sends the command."""
    await desk.floor.execute(REQUEST, desk.floor.account, desk.market.market, action, dollars)


async def hold_pairs(desk: WalletDesk) -> None:
    await desk.buy(0, "10")
    await desk.buy(1, "10")


async def until_opened(desk: WalletDesk) -> None:
    await desk.floor.until(lambda: desk.floor.one("select count(*) from account"), 1)


async def test_pairs_are_merged_before_anybody_knows_who_won(wallet_desk: WalletDesk) -> None:
    await hold_pairs(wallet_desk)
    before = await cash(wallet_desk)
    await wallet_desk.floor.start("executor", start_executor)
    await request(wallet_desk, "merge", 7)
    await wallet_desk.floor.until(lambda: statuses(wallet_desk), ["merge proven"])
    assert await cash(wallet_desk) == before + 7
    assert set((await tokens(wallet_desk)).values()) == {"3000000"}


async def test_what_a_resolved_market_pays_is_redeemed(wallet_desk: WalletDesk) -> None:
    await hold_pairs(wallet_desk)
    before = await cash(wallet_desk)
    await wallet_desk.floor.start("executor", start_executor)
    await wallet_desk.floor.until(lambda: is_resolved(wallet_desk), expected=True)
    assert await cash(wallet_desk) == before
    await request(wallet_desk, "redeem", 10)
    await wallet_desk.floor.until(lambda: statuses(wallet_desk), ["redeem proven"])
    assert (await cash(wallet_desk), await tokens(wallet_desk)) == (before + 10, {})


async def test_a_redemption_before_its_time_fails_and_moves_nothing(wallet_desk: WalletDesk) -> None:
    await hold_pairs(wallet_desk)
    before = await told(wallet_desk)
    await wallet_desk.floor.start("executor", start_executor)
    await request(wallet_desk, "redeem", 10)
    await wallet_desk.floor.until(lambda: statuses(wallet_desk), ["redeem failed"])
    assert await wallet_desk.floor.one("select detail from redemption") == (
        "execution reverted: payouts are not reported"
    )
    assert await told(wallet_desk) == before


@pytest.mark.parametrize("point", WHILE_REDEEMING)
async def test_an_executor_that_dies_while_it_merges_moves_the_cash_once(wallet_desk: WalletDesk, point: str) -> None:
    await hold_pairs(wallet_desk)
    before = await cash(wallet_desk)
    async with dying(wallet_desk.floor, "executor", point) as process:
        await until_opened(wallet_desk)
        await request(wallet_desk, "merge", 6)
        await died(wallet_desk.floor, process, "executor")

    await wallet_desk.floor.start("executor", start_executor)

    await wallet_desk.floor.until(lambda: statuses(wallet_desk), ["merge proven"])
    assert await cash(wallet_desk) == before + 6
    executed = [each for each in (await referee(wallet_desk))["transactions"] if each["state"] != "STATE_FAILED"]
    assert len(executed) == 1


async def test_what_the_system_won_is_settled_once_and_then_spendable(wallet_desk: WalletDesk) -> None:
    """From an entry to its redeemed cash, by executor, fills and settlement as they run."""
    for name, start in (("executor", start_executor), ("fills", start_fills), ("settlement", start_settlement)):
        await wallet_desk.floor.start(name, start)
    up = wallet_desk.market.outcomes[0]
    await wallet_desk.floor.bid(
        wallet_desk.market.market, up.token, "0.99", "10", outcome=up.name, time_in_force=TimeInForce.FOK
    )
    await wallet_desk.floor.until(
        lambda: wallet_desk.floor.one("select bool_and(status = 'confirmed') from fill"), True
    )
    await wallet_desk.floor.until(lambda: wallet_desk.floor.one("select settled_kind::text from market_guard"), "venue")
    payable = await wallet_desk.floor.one("select sum(settled_shares * settled_payout) from positions")
    profit = await wallet_desk.floor.one("select ledger_profit from account_audit")
    assert payable > 0, "this seed's winner is another one now"
    await wallet_desk.floor.until(lambda: statuses(wallet_desk), ["redeem proven"])
    assert await cash(wallet_desk) == 1000 - await spent(wallet_desk) + payable
    assert await wallet_desk.floor.one("select ledger_profit from account_audit") == profit
    for name in ("settlement", "fills", "executor"):
        await wallet_desk.floor.stop(name)
    journal = wallet_desk.floor.settings.journal
    assert journal is not None
    compared = await asyncio.to_thread(lambda: compare_all(journal))
    assert [(each.journal.partition("-")[0], each.otherwise) for each in compared] == [
        ("executor", None), ("fills", None), ("settlement", None)
    ]  # fmt: skip
