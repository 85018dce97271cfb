"""Settlement on a real Postgres, in the role of its service: money to the cent, corrections visible, nothing twice."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta
from decimal import Decimal

import psycopg
import pytest

from services.settlement.adapters.postgres import PostgresLedger
from services.settlement.domain.case import Kind
from services.settlement.domain.resolution import Settle
from services.settlement.ports import Settled
from shared.db.pool import new_pool
from shared.domain.ids import AccountId, MarketId, TokenId
from shared.domain.money import Cash
from tests.integration.settlement.account import ACCOUNT, DOWN, END, UP, TradingAccount

pytestmark = pytest.mark.servers
MARKET = MarketId("0xm1")
LATER = END + timedelta(seconds=60)


def payouts(up: str) -> dict[TokenId, Decimal]:
    return {TokenId(UP): Decimal(up), TokenId(DOWN): 1 - Decimal(up)}


def venue(up: str) -> Settle:
    return Settle(payouts(up), Kind.VENUE, "both")


def guess(up: str, kind: Kind = Kind.PROVISIONAL) -> Settle:
    return Settle(payouts(up), kind, "last bid")


@pytest.fixture
async def ledger(postgres_database: str) -> AsyncIterator[PostgresLedger]:
    async with new_pool(postgres_database, "settlement") as pool:
        yield PostgresLedger(pool, AccountId(ACCOUNT), lambda: None)


@pytest.fixture
def held(trading: TradingAccount) -> TradingAccount:
    """Ten shares of Up at 0.80, filled, the market swept past its end."""
    trading.list_market()
    trading.bought()
    trading.sweep()
    return trading


def profit(trading: TradingAccount) -> Decimal:
    """As booked, and the same from the ledger; what is held agrees too."""
    booked, ledger, cost, inventory = trading.one(
        "select settled_profit, ledger_profit, positions_cost, ledger_inventory from account_audit"
    )
    assert booked == ledger
    assert cost == inventory
    return Decimal(str(booked))


async def test_a_win_pays_a_dollar_a_share(held: TradingAccount, ledger: PostgresLedger) -> None:
    assert await ledger.settle(MARKET, venue("1"), LATER) is Settled.SETTLED
    assert profit(held) == Decimal("2.00")
    assert held.one("select open_cost, reserved from account") == (0, 0)


async def test_a_loss_costs_what_was_paid(held: TradingAccount, ledger: PostgresLedger) -> None:
    await ledger.settle(MARKET, venue("0"), LATER)
    assert profit(held) == Decimal("-8.00")


async def test_a_split_pays_by_its_fractions(held: TradingAccount, ledger: PostgresLedger) -> None:
    await ledger.settle(MARKET, venue("0.5"), LATER)
    assert profit(held) == Decimal("-3.00")


async def test_settling_twice_books_once(held: TradingAccount, ledger: PostgresLedger) -> None:
    await ledger.settle(MARKET, venue("1"), LATER)
    await ledger.settle(MARKET, venue("1"), LATER)
    assert profit(held) == Decimal("2.00")
    assert [booking.kind for booking in await ledger.booked_after(0)] == ["venue"]


async def test_a_market_is_a_case_until_the_venue_has_spoken(held: TradingAccount, ledger: PostgresLedger) -> None:
    (case,) = await ledger.open_cases(LATER)
    assert (case.held, case.has_unsettled_shares, case.settled_by) == (UP, True, None)
    await ledger.settle(MARKET, guess("1"), LATER)
    (case,) = await ledger.open_cases(LATER)
    assert (case.held, case.has_unsettled_shares, case.settled_by) == (UP, False, Kind.PROVISIONAL)
    await ledger.settle(MARKET, venue("1"), LATER)
    assert await ledger.open_cases(LATER) == []
    assert profit(held) == Decimal("2.00")


async def test_no_market_is_a_case_before_its_end_nor_without_our_orders(
    held: TradingAccount, ledger: PostgresLedger
) -> None:
    held.list_market("0xm2", ("333", "444"))
    assert await ledger.open_cases(END - timedelta(seconds=1)) == []
    assert [case.market.market for case in await ledger.open_cases(LATER)] == [MARKET]


async def test_an_old_market_is_a_case_however_old(held: TradingAccount, ledger: PostgresLedger) -> None:
    assert len(await ledger.open_cases(END + timedelta(days=400))) == 1


@pytest.mark.parametrize("kind", [Kind.PROVISIONAL, Kind.FORCED])
async def test_the_venues_later_word_corrects_a_guess_with_a_visible_adjustment(
    held: TradingAccount, ledger: PostgresLedger, kind: Kind
) -> None:
    await ledger.settle(MARKET, guess("0", kind), LATER)
    assert profit(held) == Decimal("-8.00")
    await ledger.settle(MARKET, venue("1"), LATER + timedelta(hours=1))
    assert profit(held) == Decimal("2.00")
    bookings = await ledger.booked_after(0)
    assert [(booking.kind, booking.profit) for booking in bookings] == [
        (kind, Cash.of("-8.00")),
        ("adjust", Cash.of("10.00")),
    ]


async def test_a_guess_after_the_venues_word_changes_nothing(held: TradingAccount, ledger: PostgresLedger) -> None:
    await ledger.settle(MARKET, venue("1"), LATER)
    assert await ledger.settle(MARKET, guess("0"), LATER) is Settled.VENUE_SPOKE
    assert profit(held) == Decimal("2.00")


async def test_a_resting_order_is_waited_for(trading: TradingAccount, ledger: PostgresLedger) -> None:
    trading.list_market()
    trading.bought("o1", shares="10")
    assert trading.reserve("o2", price="0.79", shares="10") is None
    trading.event("o2", "accepted")
    trading.sweep()
    assert await ledger.settle(MARKET, venue("1"), LATER) is Settled.WAITING_ORDERS
    trading.event("o2", "cancelled")
    assert await ledger.settle(MARKET, venue("1"), LATER) is Settled.SETTLED


async def test_the_sweep_past_the_end_is_waited_for(trading: TradingAccount, ledger: PostgresLedger) -> None:
    trading.list_market()
    trading.bought()
    trading.sweep(END - timedelta(seconds=1))
    assert await ledger.settle(MARKET, venue("1"), LATER) is Settled.WAITING_SWEEP


async def test_a_fill_that_comes_after_the_settlement_is_paid_by_an_adjustment(
    trading: TradingAccount, ledger: PostgresLedger
) -> None:
    trading.list_market()
    assert trading.reserve("o1", shares="10") is None
    trading.event("o1", "accepted")
    trading.fill("o1", shares="6")
    trading.event("o1", "cancelled")
    trading.sweep()
    await ledger.settle(MARKET, venue("1"), LATER)
    trading.call(
        "select book_fill(%s, 'late', 'o1', '', 0.80, 4, 0, 'maker', 'confirmed', 'sweep', %s, 'fills')", ACCOUNT, LATER
    )
    (case,) = await ledger.open_cases(LATER)
    assert case.has_unsettled_shares
    await ledger.settle(MARKET, venue("1"), LATER)
    assert await ledger.open_cases(LATER) == []
    assert profit(trading) == Decimal("2.00")
    assert [booking.kind for booking in await ledger.booked_after(0)] == ["venue", "adjust"]


async def test_payouts_of_other_tokens_are_refused(held: TradingAccount, ledger: PostgresLedger) -> None:
    foreign = Settle({TokenId(UP): Decimal(1), TokenId("999"): Decimal(0)}, Kind.VENUE, "gamma")
    assert await ledger.settle(MARKET, foreign, LATER) is Settled.UNKNOWN_TOKEN
    assert profit(held) == 0


async def test_entries_close_at_the_end_of_the_market(held: TradingAccount, ledger: PostgresLedger) -> None:
    await ledger.close_entries(MARKET)
    (case,) = await ledger.open_cases(LATER)
    assert case.is_guarded
    assert held.reserve("o2", price="0.79") == "AWAITING_SETTLEMENT"


async def test_the_legs_of_a_position_are_its_orders_by_what_they_cost(
    trading: TradingAccount, ledger: PostgresLedger
) -> None:
    trading.list_market()
    trading.bought("o1", shares="10", price="0.80")
    trading.bought("o2", shares="5", price="0.79")
    legs = await ledger.legs(MARKET, TokenId(UP))
    assert [(leg.order_id, leg.cost) for leg in legs] == [("o1", Cash.of("8.00")), ("o2", Cash.of("3.95"))]


async def test_a_settlement_is_told_to_everybody_in_the_commit_that_books_it(
    held: TradingAccount, ledger: PostgresLedger
) -> None:
    await ledger.settle(MARKET, venue("1"), LATER)
    subject, body = held.one("select subject, body from outbox where schema = 'settlement.position_settled.v1'")
    assert subject == "pm.v1.settlement.position_settled.0xm1"
    assert isinstance(body, dict)
    assert (body["kind"], body["profit"]) == ("venue", "2.00")


async def test_what_was_booked_before_is_summed_up(held: TradingAccount, ledger: PostgresLedger) -> None:
    assert await ledger.booked_so_far() == (0, Cash.of(0))
    await ledger.settle(MARKET, venue("1"), LATER)
    newest, earned = await ledger.booked_so_far()
    assert earned == Cash.of("2.00")
    assert await ledger.booked_after(newest) == []


async def test_the_service_cannot_write_past_the_functions(held: TradingAccount, postgres_database: str) -> None:
    async with new_pool(postgres_database, "settlement") as pool, pool.connection() as connection:
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            await connection.execute("update positions set shares = 0")


async def test_both_outcomes_held_are_each_paid_by_their_own_token(
    trading: TradingAccount, ledger: PostgresLedger
) -> None:
    trading.list_market()
    assert trading.reserve("o1", shares="10", price="0.80") is None
    assert trading.reserve("o2", token=DOWN, outcome="Down", shares="20", price="0.15") is None
    for order, shares, price in (("o1", "10", "0.80"), ("o2", "20", "0.15")):
        trading.event(order, "accepted")
        trading.fill(order, shares, price)
    trading.sweep()
    await ledger.settle(MARKET, venue("0"), LATER)
    assert profit(trading) == Decimal("9.00")
    assert {booking.token: booking.profit for booking in await ledger.booked_after(0)} == {
        UP: Cash.of("-8.00"),
        DOWN: Cash.of("17.00"),
    }


async def test_the_winner_is_found_by_token_not_by_its_place(trading: TradingAccount, ledger: PostgresLedger) -> None:
    trading.list_market(tokens=(DOWN, UP))
    assert trading.reserve("o1", token=UP, outcome="Down") is None
    trading.event("o1", "accepted")
    trading.fill("o1")
    trading.sweep()
    await ledger.settle(MARKET, venue("1"), LATER)
    assert profit(trading) == Decimal("2.00")


async def test_fees_are_taken_off_the_profit(trading: TradingAccount, ledger: PostgresLedger) -> None:
    trading.list_market()
    assert trading.reserve("o1") is None
    trading.event("o1", "accepted")
    trading.call(
        "select book_fill(%s, 't', 'o1', '', 0.80, 10, 0.112, 'taker', 'confirmed', 'test', %s, 'test')", ACCOUNT, END
    )
    trading.sweep()
    await ledger.settle(MARKET, venue("1"), LATER)
    assert profit(trading) == Decimal("1.888")


async def test_a_correction_is_money_of_its_own_day_and_rewrites_no_run_of_losses(
    held: TradingAccount, ledger: PostgresLedger
) -> None:
    await ledger.settle(MARKET, guess("0", Kind.FORCED), LATER)
    assert held.one("select losses_in_a_row, day_profit from breaker") == (1, Decimal(-8))
    await ledger.settle(MARKET, venue("1"), LATER + timedelta(days=1))
    assert held.one("select losses_in_a_row, day_profit from breaker") == (1, Decimal(10))
    assert held.one("select occurred_at, profit from settlement where kind = 'adjust'") == (
        LATER + timedelta(days=1),
        Decimal(10),
    )


async def test_a_forced_settlement_is_an_alert_and_a_provisional_one_is_not(
    held: TradingAccount, ledger: PostgresLedger
) -> None:
    await ledger.settle(MARKET, guess("1"), LATER)
    assert held.one("select count(*) from operator_action where act = 'alert'") == (0,)
    held.list_market("0xm2", ("333", "444"))
    held.bought("o9", market="0xm2", token="333")
    held.sweep()
    await ledger.settle(
        MarketId("0xm2"), Settle({TokenId("333"): Decimal(0), TokenId("444"): Decimal(1)}, Kind.FORCED, "bid"), LATER
    )
    assert held.one("select detail from operator_action where act = 'alert'") == (
        "settled as a loss without the venue's word: 0xm2, bid",
    )


async def test_a_dispute_is_an_alert_once(held: TradingAccount, ledger: PostgresLedger) -> None:
    await ledger.alert("disputed")
    await ledger.alert("disputed")
    assert held.one("select count(*) from operator_action where act = 'alert'") == (1,)
