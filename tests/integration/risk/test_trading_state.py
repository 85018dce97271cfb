"""The trading state on a real Postgres, in the roles of those who change it."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from services.risk.adapters.postgres import PostgresAccount
from services.risk.domain.causes import Cause, Clear, Raise, TradingState
from services.risk.domain.highest_bid import Rise
from shared.db.pool import new_pool
from shared.domain.ids import AccountId, MarketId, TokenId
from shared.domain.money import Cash, Price
from tests.integration.settlement.account import ACCOUNT, END, START, UP, TradingAccount

pytestmark = pytest.mark.servers
STALE = Cause("stale_books", TradingState.REDUCING, cancels=False, detail="freshest book 31 s old")


@pytest.fixture
async def account(postgres_database: str) -> AsyncIterator[PostgresAccount]:
    async with new_pool(postgres_database, "risk") as pool:
        yield PostgresAccount(pool, AccountId(ACCOUNT), lambda: None)


def broadcasts(trading: TradingAccount) -> list[tuple[str, bool]]:
    """State and `cancels` of each fact about the trading state, oldest first."""
    rows = trading.connection.execute(
        "select body->>'state', (body->>'cancels')::boolean from outbox"
        " where schema = 'risk.trading_state_changed.v1' order by outbox_id"
    )
    return [(state, cancels) for state, cancels in rows.fetchall()]


async def test_a_raised_cause_refuses_entries_and_a_cleared_one_lets_them_in_again(
    trading: TradingAccount, account: PostgresAccount
) -> None:
    trading.list_market()
    await account.apply(Raise(STALE))
    assert trading.reserve("o1") == "HALTED"
    assert (await account.state()).causes == (STALE,)
    await account.apply(Clear("stale_books"))
    assert trading.reserve("o1") is None
    assert broadcasts(trading) == [("reducing", False), ("active", False)]


async def test_a_cause_that_begins_to_cancel_is_told(trading: TradingAccount, account: PostgresAccount) -> None:
    await account.apply(Raise(STALE))
    await account.apply(Raise(Cause("stale_books", TradingState.REDUCING, cancels=True, detail="121 s")))
    assert broadcasts(trading) == [("reducing", False), ("reducing", True)]


async def test_causes_are_cleared_one_by_one_and_the_worst_one_wins(
    trading: TradingAccount, account: PostgresAccount
) -> None:
    trading.call("select halt(%s, 'operator', 'test')", ACCOUNT)
    await account.apply(Raise(STALE))
    assert (await account.state()).state is TradingState.HALTED
    trading.call("select resume(%s, 'operator', 'test')", ACCOUNT)
    assert (await account.state()).state is TradingState.REDUCING
    await account.apply(Clear("stale_books"))
    assert (await account.state()).state is TradingState.ACTIVE


@pytest.mark.parametrize("role", ["control", "risk", "notifier"])
async def test_whoever_kills_no_entry_is_reserved_afterwards(
    trading: TradingAccount, account: PostgresAccount, role: str
) -> None:
    trading.list_market()
    assert trading.reserve("before") is None
    trading.call(f"set role tdmaker_{role}")
    trading.call("select halt(%s, 'operator', 'test')", ACCOUNT)
    trading.call("reset role")
    assert trading.reserve("after") == "HALTED"
    state = await account.state()
    assert state.state is TradingState.HALTED
    assert state.killed_at is not None
    assert broadcasts(trading) == [("halted", True)]


async def test_only_an_operators_resume_ends_a_kill(trading: TradingAccount, account: PostgresAccount) -> None:
    trading.list_market()
    trading.call("select halt(%s, 'operator', 'test')", ACCOUNT)
    trading.call("set role tdmaker_control")
    trading.call("select resume(%s, 'operator', 'test')", ACCOUNT)
    trading.call("reset role")
    assert (await account.state()).killed_at is None
    assert trading.reserve("o1") is None
    assert [state for state, _ in broadcasts(trading)] == ["halted", "active"]


async def test_a_kill_is_on_record(trading: TradingAccount) -> None:
    trading.call("select halt(%s, 'operator', 'lunch')", ACCOUNT)
    assert trading.one("select actor, act, detail from operator_action") == ("operator", "kill", "lunch")


async def test_the_reservation_itself_refuses_while_a_service_is_silent(trading: TradingAccount) -> None:
    trading.list_market()
    trading.fall_silent("fills")
    assert trading.reserve("o1") == "SERVICE_MISSING"


async def test_silence_is_measured_by_the_databases_clock(trading: TradingAccount, account: PostgresAccount) -> None:
    trading.fall_silent("fills")
    ages = (await account.state()).ages_seconds
    assert ages["fills"] >= 60 > ages["bidder"]


async def test_the_highest_bid_is_durable_and_never_falls(trading: TradingAccount, account: PostgresAccount) -> None:
    trading.list_market()
    trading.bought(price="0.80")
    market, token = MarketId("0xm1"), TokenId(UP)
    for bid in ("0.91", "0.40"):
        await account.raise_highest_bid(Rise(market, token, Price.of(bid)))
    (held,) = (await account.snapshot(START)).positions
    assert held.highest_bid == Price.of("0.91")


async def test_the_highest_bid_starts_at_the_first_fills_price(
    trading: TradingAccount, account: PostgresAccount
) -> None:
    trading.list_market()
    trading.bought(price="0.80")
    (held,) = (await account.snapshot(START)).positions
    assert held.highest_bid == Price.of("0.80")


async def test_exposure_is_what_positions_cost_and_orders_may_cost(
    trading: TradingAccount, account: PostgresAccount
) -> None:
    trading.list_market()
    trading.bought("o1", shares="10", price="0.80")
    assert trading.reserve("o2", shares="10", price="0.79") is None
    state = await account.state()
    assert (state.exposure, state.limit) == (Cash.of("15.90"), Cash.of(100))


async def test_a_snapshot_holds_the_markets_that_have_not_ended(
    trading: TradingAccount, account: PostgresAccount
) -> None:
    trading.list_market()
    trading.bought()
    assert [market.market for market in (await account.snapshot(START)).markets] == ["0xm1"]
    assert (await account.snapshot(END)).markets == []


async def test_an_account_that_was_never_opened_is_named(postgres_database: str) -> None:
    async with new_pool(postgres_database, "risk") as pool:
        with pytest.raises(LookupError, match="sim:paper:nobody"):
            await PostgresAccount(pool, AccountId("sim:paper:nobody"), lambda: None).state()
