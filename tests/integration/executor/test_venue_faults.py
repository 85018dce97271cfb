"""The venue's known problems with requests, one after the other: no order is lost and none is made twice."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager
from decimal import Decimal

import pytest

from shared.domain.ids import OrderId
from shared.domain.order import TimeInForce
from shared.runtime.service import ServiceContext
from tests.integration.executor.conftest import LiveDesk
from tests.integration.executor.test_live_trading import at_venue, open_floor, referee, status_at_venue
from tests.venue_sim.faulty import switch, switch_off

pytestmark = pytest.mark.servers
FAR_AWAY = Decimal("0.02")
"""A price at which nothing is matched."""
ANY_ASK = Decimal("0.97")
PLACING = (
    "request_lost",
    "answer_lost",
    "answer_late",
    "request_repeated",
    "order_timed_out",
    "unavailable",
    "rate_limited",
    "restarting",
    "cancel_only",
    "order_delayed",
    "bad_gateway",  # last: it may still be sent again when its order is known, and would meet the next one
)
REFUSING = ("version_mismatch", "funds_locked")
REFUSING_US = ("account_closed", "wallet_refused", "key_refused")
TAKING_NOTHING = {
    "restarting": "VENUE_RESTARTING",
    "cancel_only": "VENUE_TAKES_NO_ORDERS",
    "unavailable": "VENUE_TAKES_NO_ORDERS",
    "rate_limited": "VENUE_RATE_LIMIT",
}
CANCELLING = ("cancel_lost", "cancel_answer_lost", "restarting", "cancel_slow", "cancel_answer_late")


@contextmanager
def once(live: LiveDesk, name: str) -> Generator[None]:
    """On for one request, which has to come."""
    before = switch(live.venue, name, times=1)["struck"]
    yield
    assert switch_off(live.venue, name)["struck"] == before + 1, f"{name} never struck"


async def bid_far_away(live: LiveDesk, attempt: int, outcome: int = 0) -> OrderId:
    wanted = live.market.outcomes[outcome]
    return await live.floor.bid(
        live.market.market, wanted.token, str(FAR_AWAY), "10", outcome=wanted.name, attempt=attempt, valid_seconds=15
    )


def refusals(executor: ServiceContext, reason: str) -> float:
    return executor.metrics.registry.get_sample_value("tdmaker_refusals_total", {"reason": reason}) or 0


async def alerts(live: LiveDesk) -> int:
    return await live.floor.one("select count(*) from operator_action where act = 'alert'")


async def causes(live: LiveDesk) -> list[str]:
    return await live.floor.one("select coalesce(array_agg(cause order by cause), '{}') from trading_cause")


async def gone(live: LiveDesk, order: OrderId) -> None:
    await live.floor.cancel(order, live.market.market)
    await live.floor.until_status(order, "cancelled")
    assert await status_at_venue(live, order) == "CANCELED"


async def test_whatever_becomes_of_a_request_its_order_is_known_and_there_once(live: LiveDesk) -> None:
    await open_floor(live)
    for attempt, name in enumerate(PLACING):
        with once(live, name):
            order = await bid_far_away(live, attempt)
            await live.floor.until_status(order, "live")
        assert await status_at_venue(live, order) == "LIVE", name
        await gone(live, order)

    assert len((await referee(live))["orders"]) == len(PLACING)
    assert await live.floor.exposure() == 0


async def test_what_the_venue_refuses_for_good_is_released_and_never_sent_again(live: LiveDesk) -> None:
    await open_floor(live)
    for attempt, name in enumerate(REFUSING):
        switch(live.venue, name)
        order = await bid_far_away(live, attempt)
        await live.floor.until_status(order, "rejected")
        assert await at_venue(live, order) is None, name
        switch_off(live.venue, name)

    assert await live.floor.exposure() == 0


async def test_while_the_venue_takes_nothing_one_order_tries_for_all(live: LiveDesk) -> None:
    executor = await open_floor(live)
    for attempt, (name, reason) in enumerate(TAKING_NOTHING.items()):
        refused = refusals(executor, reason)
        switch(live.venue, name)
        trying = await bid_far_away(live, attempt)
        await live.floor.until_status(trying, "uncertain")

        down = live.market.outcomes[1]
        waiting = await live.floor.intend(
            live.market.market, down.token, str(FAR_AWAY), "10", outcome=down.name, attempt=attempt
        )
        await live.floor.until_taken()
        assert await live.floor.status(waiting) is None
        assert refusals(executor, reason) == refused + 1

        switch_off(live.venue, name)
        await live.floor.until_status(trying, "live")
        await bid_far_away(live, attempt, outcome=1)
        await live.floor.until_status(waiting, "live")
        await gone(live, trying)
        await gone(live, waiting)

    assert len((await referee(live))["orders"]) == 2 * len(TAKING_NOTHING)
    assert await live.floor.exposure() == 0


async def test_in_post_only_mode_what_rests_is_placed_and_what_takes_waits(live: LiveDesk) -> None:
    executor = await open_floor(live)
    up = live.market.outcomes[0]
    switch(live.venue, "post_only")
    taker = await live.floor.bid(
        live.market.market, up.token, str(ANY_ASK), "10", outcome=up.name, valid_seconds=15,
        time_in_force=TimeInForce.FOK,
    )  # fmt: skip
    await live.floor.until_status(taker, "uncertain")

    sale = await live.floor.sell(live.market.market, up.token, "5", outcome=up.name)
    await live.floor.until(lambda: live.floor.left("exits"), 0)
    resting = await bid_far_away(live, 0, outcome=1)
    await live.floor.until_status(resting, "live")

    assert await live.floor.status(sale) is None
    assert refusals(executor, "VENUE_POST_ONLY") == 1
    assert await live.floor.status(taker) == "uncertain"
    assert await at_venue(live, taker) is None
    await gone(live, resting)
    switch_off(live.venue, "post_only")
    await live.floor.until_status(taker, "filled")


async def test_a_venue_that_refuses_us_closes_entries_until_it_does_no_more(
    live: LiveDesk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("services.executor.domain.lasting_refusal.FIRST_SECONDS", 1.0)
    await open_floor(live)
    for number, name in enumerate(REFUSING_US):
        switch(live.venue, name)
        refused = await bid_far_away(live, 2 * number)
        await live.floor.until_status(refused, "rejected")
        await live.floor.until(lambda: causes(live), ["venue_refuses"])
        await live.floor.until(lambda: alerts(live), number + 1)
        switch_off(live.venue, name)

        await live.floor.until(lambda: causes(live), [])
        order = await bid_far_away(live, 2 * number + 1)
        await live.floor.until_status(order, "live")
        await gone(live, order)

    assert await live.floor.exposure() == 0


async def test_whatever_becomes_of_a_cancel_the_order_is_gone_and_released_in_the_end(live: LiveDesk) -> None:
    await open_floor(live)
    for attempt, name in enumerate(CANCELLING):
        order = await bid_far_away(live, attempt)
        await live.floor.until_status(order, "live")
        with once(live, name):
            await gone(live, order)

    assert await live.floor.exposure() == 0
