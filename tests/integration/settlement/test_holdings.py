"""What settlement takes for cash to be had, read from the tables as the services write them."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta
from decimal import Decimal

import pytest

from services.settlement.adapters.postgres import PostgresTokens
from services.settlement.domain.redemption import Holding, Wanted
from shared.db.pool import new_pool
from shared.domain.ids import AccountId, MarketId
from shared.domain.money import Cash, Shares
from shared.domain.redemption import Action
from tests.integration.settlement.account import ACCOUNT, DOWN, END, START, UP, TradingAccount

pytestmark = pytest.mark.servers
MARKET = MarketId("0xm1")
LATER = END + timedelta(minutes=2)


@pytest.fixture
async def tokens(postgres_database: str) -> AsyncIterator[PostgresTokens]:
    async with new_pool(postgres_database, "settlement") as pool:
        yield PostgresTokens(pool, AccountId(ACCOUNT), lambda: None)


@pytest.fixture
def held(trading: TradingAccount) -> TradingAccount:
    trading.list_market()
    trading.bought()
    trading.sweep()
    return trading


def settle(trading: TradingAccount, up: str = "1", kind: str = "venue") -> None:
    payouts = f'{{"{UP}": "{up}", "{DOWN}": "{1 - Decimal(up)}"}}'
    assert trading.call("select settle(%s, %s, %s, %s, 'test', %s, 't')", ACCOUNT, MARKET, payouts, kind, LATER)


def end(trading: TradingAccount, status: str, minutes: int = 0) -> None:
    trading.call(
        "select move_redemption(redemption_id, %s::redemption_status, null, '', %s) from redemption"
        " where status = 'requested'",
        *(status, LATER + timedelta(minutes=minutes)),
    )


def buy_the_other_side(trading: TradingAccount, shares: str, status: str = "confirmed") -> None:
    """As a fill that arrives for an order placed before the side was held."""
    trading.call(
        "insert into orders select 'o2', account_id, strategy_tag, market_id, %s, 'Down', side, purpose, rung, attempt,"
        " 0.15, %s, 0, 0, 0, time_in_force, post_only, 'cancelled', '', 'venue-o2', null, valid_until, lease_epoch,"
        " correlation_id, occurred_at from orders where order_id = 'o1'",
        *(DOWN, Decimal(shares)),
    )
    trading.call(
        "select book_fill(%s, 'trade-o2', 'o2', '', 0.15, %s, 0, 'maker', %s, 'test', %s, 'test')",
        *(ACCOUNT, Decimal(shares), status, START),
    )


async def only(tokens: PostgresTokens) -> Holding:
    (holding,) = await tokens.holdings(LATER)
    return holding


async def test_winning_shares_of_a_resolved_market_are_redeemable(held: TradingAccount, tokens: PostgresTokens) -> None:
    assert await tokens.holdings(LATER) == []
    settle(held)
    holding = await only(tokens)
    assert (holding.is_final, holding.redeemable, holding.pairs) == (True, Cash.of("10"), Shares.of("0"))


async def test_losing_shares_are_nothing(held: TradingAccount, tokens: PostgresTokens) -> None:
    settle(held, "0")
    assert await tokens.holdings(LATER) == []


async def test_a_guess_makes_nothing_redeemable(held: TradingAccount, tokens: PostgresTokens) -> None:
    settle(held, kind="provisional")
    assert (await only(tokens)).redeemable == Cash.of("0")
    settle(held)
    assert (await only(tokens)).redeemable == Cash.of("10")


async def test_what_is_under_way_proven_or_failed_is_read_back(held: TradingAccount, tokens: PostgresTokens) -> None:
    settle(held)
    wanted = Wanted(Action.REDEEM, Cash.of("10"))
    assert [await tokens.request(MARKET, wanted, LATER), await tokens.request(MARKET, wanted, LATER)] == [True, False]
    assert (await only(tokens)).is_under_way
    end(held, "failed", 1)
    await tokens.request(MARKET, wanted, LATER)
    end(held, "failed", 2)
    holding = await only(tokens)
    assert (holding.is_under_way, holding.failures, holding.failed_at) == (False, 2, LATER + timedelta(minutes=2))
    await tokens.request(MARKET, wanted, LATER)
    end(held, "proven", 3)
    assert await tokens.holdings(LATER) == []


async def test_what_comes_after_a_proof_is_asked_for_on_its_own_and_its_failures_count_anew(
    held: TradingAccount, tokens: PostgresTokens
) -> None:
    settle(held)
    for minutes, (status, cash) in enumerate((("failed", "9"), ("proven", "9"), ("failed", "1"))):
        await tokens.request(MARKET, Wanted(Action.REDEEM, Cash.of(cash)), LATER)
        end(held, status, minutes)
    holding = await only(tokens)
    assert (holding.turned, holding.redeemable, holding.failures) == (Cash.of("9"), Cash.of("1"), 1)


async def test_pairs_are_counted_before_and_after_the_settlement(held: TradingAccount, tokens: PostgresTokens) -> None:
    buy_the_other_side(held, "6.5")
    before = await only(tokens)
    assert (before.pairs, before.mergeable, before.redeemable) == (Shares.of("6.5"), Cash.of("6"), Cash.of("0"))
    await tokens.request(MARKET, Wanted(Action.MERGE, Cash.of("6")), LATER)
    end(held, "proven")
    settle(held)
    after = await only(tokens)
    assert (after.redeemable, after.mergeable) == (Cash.of("4"), Cash.of("0"))


async def test_what_is_not_confirmed_on_chain_is_no_token_yet(held: TradingAccount, tokens: PostgresTokens) -> None:
    buy_the_other_side(held, "6", status="provisional")
    assert await tokens.holdings(LATER) == []
    held.call(
        "select book_fill(%s, 'trade-o2', 'o2', '', 0.15, 6, 0, 'maker', 'confirmed', 'test', %s, 'test')",
        *(ACCOUNT, START),
    )
    assert (await only(tokens)).mergeable == Cash.of("6")


async def test_nothing_is_touched_before_the_slots_end(held: TradingAccount, tokens: PostgresTokens) -> None:
    buy_the_other_side(held, "6")
    assert await tokens.holdings(END - timedelta(seconds=1)) == []
