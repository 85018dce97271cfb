"""The venue's known problems with requests, one after the other: no order is lost and none is made twice."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager
from decimal import Decimal

import pytest

from shared.domain.ids import OrderId
from tests.integration.executor.conftest import LiveDesk
from tests.integration.executor.test_live_trading import at_venue, open_floor, referee, status_at_venue
from tests.venue_sim.faulty import switch, switch_off

pytestmark = pytest.mark.servers
FAR_AWAY = Decimal("0.02")
"""A price at which nothing is matched."""
PLACING = (
    "request_lost",
    "answer_lost",
    "answer_late",
    "request_repeated",
    "order_timed_out",
    "bad_gateway",
    "unavailable",
    "rate_limited",
    "restarting",
    "cancel_only",
    "order_delayed",
)
REFUSING = ("version_mismatch", "funds_locked", "account_closed", "wallet_refused", "key_refused")
CANCELLING = ("cancel_lost", "cancel_answer_lost", "restarting", "cancel_slow", "cancel_answer_late")


@contextmanager
def once(live: LiveDesk, name: str) -> Generator[None]:
    """On for one request, which has to come."""
    before = switch(live.venue, name, times=1)["struck"]
    yield
    assert switch_off(live.venue, name)["struck"] == before + 1, f"{name} never struck"


async def bid_far_away(live: LiveDesk, attempt: int) -> OrderId:
    up = live.market.outcomes[0]
    return await live.floor.bid(
        live.market.market, up.token, str(FAR_AWAY), "10", outcome=up.name, attempt=attempt, valid_seconds=15
    )


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


async def test_whatever_becomes_of_a_cancel_the_order_is_gone_and_released_in_the_end(live: LiveDesk) -> None:
    await open_floor(live)
    for attempt, name in enumerate(CANCELLING):
        order = await bid_far_away(live, attempt)
        await live.floor.until_status(order, "live")
        with once(live, name):
            await gone(live, order)

    assert await live.floor.exposure() == 0
