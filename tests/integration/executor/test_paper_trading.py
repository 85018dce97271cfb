"""Paper trading by the real executor and fills, from an intent to a booked position."""

from __future__ import annotations

from decimal import Decimal

import pytest

from services.executor.bootstrap import start as start_executor
from services.fills.bootstrap import start as start_fills
from shared.domain.order import TimeInForce
from tests.integration.executor.trading_floor import Floor

pytestmark = pytest.mark.servers


async def open_floor(floor: Floor) -> None:
    await floor.start("executor", start_executor)
    await floor.start("fills", start_fills)
    await floor.add_market("m1")


async def test_an_intent_becomes_an_order_and_a_falling_bid_fills_it(paper_floor: Floor) -> None:
    await open_floor(paper_floor)
    order = await paper_floor.bid("m1", "1")
    await paper_floor.until_status(order, "live")

    await paper_floor.top("m1", "1", "0.79", "0.81")

    await paper_floor.until_status(order, "filled")
    assert await paper_floor.one("select shares from positions") == 10
    assert await paper_floor.one("select confirmed_shares from positions") == 10
    assert await paper_floor.exposure() == Decimal("8.00")


async def test_time_at_the_best_bid_fills_it_on_a_quiet_book(paper_floor: Floor) -> None:
    await open_floor(paper_floor)
    order = await paper_floor.bid("m1", "1")

    await paper_floor.top("m1", "1", "0.80", "0.82")

    await paper_floor.until_status(order, "filled")


async def test_a_cancel_is_final_at_once(paper_floor: Floor) -> None:
    await open_floor(paper_floor)
    order = await paper_floor.bid("m1", "1")
    await paper_floor.until_status(order, "live")

    await paper_floor.cancel(order, "m1")

    await paper_floor.until_status(order, "cancelled")
    assert await paper_floor.exposure() == 0


async def test_the_first_fill_cancels_the_other_side(paper_floor: Floor) -> None:
    await open_floor(paper_floor)
    down = await paper_floor.bid("m1", "2", "0.10", outcome="Down")
    up = await paper_floor.bid("m1", "1")
    await paper_floor.until_status(up, "live")
    await paper_floor.until_status(down, "live")

    await paper_floor.top("m1", "1", "0.79", "0.81")

    await paper_floor.until_status(up, "filled")
    await paper_floor.until_status(down, "cancelled")


async def test_a_kill_empties_the_book_and_refuses_the_next_intent(paper_floor: Floor) -> None:
    await open_floor(paper_floor)
    order = await paper_floor.bid("m1", "1")
    await paper_floor.until_status(order, "live")

    await paper_floor.execute("select halt(%s, 'operator', 'test')", paper_floor.account)

    await paper_floor.until_status(order, "cancelled")
    again = await paper_floor.intend("m1", "1", attempt=1)
    await paper_floor.until_taken()
    assert await paper_floor.status(again) is None


async def test_orders_of_an_ended_market_expire_and_the_market_is_swept(paper_floor: Floor) -> None:
    await open_floor(paper_floor)
    await paper_floor.add_market("m2", minutes_left=0.03, tokens=("3", "4"))
    order = await paper_floor.bid("m2", "3")

    await paper_floor.until_status(order, "expired")

    await paper_floor.until(
        lambda: paper_floor.one(
            "select swept_until >= slot_end from market_guard join market using (market_id) where market_id = 'm2'"
        ),
        expected=True,
    )


async def test_a_watcher_that_falls_silent_stops_entries(paper_floor: Floor) -> None:
    await paper_floor.start("executor", start_executor)
    await paper_floor.add_market("m1")

    order = await paper_floor.intend("m1", "1")
    await paper_floor.until_taken()
    assert await paper_floor.status(order) is None

    fills = await paper_floor.start("fills", start_fills)
    assert fills.readiness.waiting_for == set()
    await paper_floor.until(lambda: paper_floor.one("select count(*) from liveness where service = 'fills'"), 1)
    await paper_floor.bid("m1", "1")
    await paper_floor.until_status(order, "live")


async def test_a_stopped_executor_leaves_nothing_resting(paper_floor: Floor) -> None:
    await open_floor(paper_floor)
    order = await paper_floor.bid("m1", "1")
    await paper_floor.until_status(order, "live")

    await paper_floor.stop("executor")

    assert await paper_floor.status(order) == "cancelled"


async def test_a_restarted_executor_resolves_what_it_left_open(paper_floor: Floor) -> None:
    await open_floor(paper_floor)
    order = await paper_floor.bid("m1", "1")
    await paper_floor.until_status(order, "live")
    await paper_floor.stop("executor")
    await paper_floor.execute(
        "update orders set status = 'submitting', closed_at = null, venue_matched = 0 where order_id = %s", order
    )

    await paper_floor.start("executor", start_executor)

    assert await paper_floor.status(order) == "live"
    assert await paper_floor.one("select trading_state::text from account") == "active"


async def test_a_taker_is_filled_at_the_ask_with_its_fee(paper_floor: Floor) -> None:
    await open_floor(paper_floor)
    await paper_floor.top("m1", "1", "0.78", "0.80")

    order = await paper_floor.bid("m1", "1", time_in_force=TimeInForce.FOK)

    await paper_floor.until_status(order, "filled")
    assert await paper_floor.one("select fee from fill") == Decimal("0.112")
    assert await paper_floor.exposure() == Decimal("8.00")


async def test_a_taker_whose_ask_went_away_is_killed(paper_floor: Floor) -> None:
    await open_floor(paper_floor)
    await paper_floor.top("m1", "1", "0.78", "0.81")

    order = await paper_floor.bid("m1", "1", time_in_force=TimeInForce.FOK)

    await paper_floor.until_status(order, "cancelled")
    assert await paper_floor.one("select status_reason from orders") == "UNFILLED"
    assert await paper_floor.exposure() == 0


async def test_a_market_is_left_early(paper_floor: Floor) -> None:
    await open_floor(paper_floor)
    first = await paper_floor.bid("m1", "1")
    await paper_floor.until_status(first, "live")
    await paper_floor.top("m1", "1", "0.79", "0.81")
    await paper_floor.until_status(first, "filled")
    second = await paper_floor.bid("m1", "1", price="0.75", rung=1)
    await paper_floor.until_status(second, "live")

    await paper_floor.close_entries("m1")

    await paper_floor.until(paper_floor.entries_closed, 1)
    assert await paper_floor.status(second) == "cancelled"
    await paper_floor.top("m1", "1", "0.40", "0.42")
    sale = await paper_floor.sell("m1", "1", "10")
    await paper_floor.until_status(sale, "filled")
    assert await paper_floor.one("select shares from positions") == 0
    assert await paper_floor.one("select profit from settlement") == Decimal("-4.168")
    assert await paper_floor.exposure() == 0


async def test_a_sale_without_a_bid_is_killed(paper_floor: Floor) -> None:
    await open_floor(paper_floor)
    first = await paper_floor.bid("m1", "1")
    await paper_floor.until_status(first, "live")
    await paper_floor.top("m1", "1", "0.79", "0.81")
    await paper_floor.until_status(first, "filled")
    await paper_floor.top("m1", "1", None, "0.42")

    sale = await paper_floor.sell("m1", "1", "10")

    await paper_floor.until_status(sale, "cancelled")
    assert await paper_floor.one("select shares from positions") == 10


async def test_closed_entries_are_reported_by_a_successor_too(paper_floor: Floor) -> None:
    await open_floor(paper_floor)
    await paper_floor.stop("executor")
    await paper_floor.close_entries("m1")

    await paper_floor.start("executor", start_executor)

    await paper_floor.until(paper_floor.entries_closed, 1)


async def test_what_the_bid_does_not_take_is_killed_and_what_it_took_stays(paper_floor: Floor) -> None:
    await open_floor(paper_floor)
    first = await paper_floor.bid("m1", "1", shares="150", price="0.30")
    await paper_floor.until_status(first, "live")
    await paper_floor.top("m1", "1", "0.29", "0.31")
    await paper_floor.until_status(first, "filled")

    sale = await paper_floor.sell("m1", "1", "150")

    await paper_floor.until_status(sale, "cancelled")
    assert await paper_floor.one("select shares from positions") == 50
    rest = await paper_floor.sell("m1", "1", "50", attempt=1)
    await paper_floor.until_status(rest, "filled")
