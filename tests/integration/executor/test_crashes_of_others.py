"""Bidder, risk or discovery dies at a named instant while orders of ours live at a simulator: its successor does
nothing twice, and venue, tables and exposure agree."""

from __future__ import annotations

from asyncio.subprocess import Process
from collections.abc import Awaitable, Callable
from decimal import Decimal

import pytest

from services.bidder.bootstrap import start as start_bidder
from services.discovery.bootstrap import start as start_discovery
from services.risk.bootstrap import start as start_risk
from tests.integration.executor.conftest import LiveDesk
from tests.integration.executor.crashing import (
    agrees,
    died,
    dying,
    exposure_is_true,
    holds_what_the_venue_says,
    live_at_venue,
)
from tests.integration.executor.test_live_trading import bid, open_floor, take

pytestmark = pytest.mark.servers
WHILE_BIDDING = ("intent_published", "delivery_handled")
WHILE_LEAVING = ("exit_recorded", "sale_published", "fact_published", "delivery_handled")
WHILE_LISTING = ("fact_published", "fact_published:2")
ANY_PRICE = Decimal("0.99")
FAR_AWAY = Decimal("0.02")
LOOKS = "select coalesce(sum(repeats), 0)::bigint from decision"
SOLD = "select coalesce(sum(filled), 0) from orders where purpose = 'exit'"


async def after_what_waits(live: LiveDesk, service: str, point: str) -> str:
    """A fact of what happens next, none of those that a start finds."""
    if point != "delivery_handled":
        return point
    waiting = [await live.floor.left(stream, service) for stream in ("markets", "orders", "fills", "trading_state")]
    return f"{point}:{sum(waiting) + 1}"


async def until_died(live: LiveDesk, process: Process, service: str, act: Callable[[], Awaitable[None]]) -> None:
    """Acting again and again: levels are heard by those alone that listen already."""

    async def has_died() -> bool:
        await act()
        return process.returncode is not None

    await live.floor.until(has_died, expected=True)
    await died(live.floor, process, service)


async def show(live: LiveDesk, best_bid: str) -> None:
    await live.floor.top(live.market.market, live.market.outcomes[0].token, best_bid, None)


async def is_sound(live: LiveDesk) -> bool:
    return await agrees(live) and await exposure_is_true(live) and await holds_what_the_venue_says(live)


@pytest.mark.parametrize("point", WHILE_BIDDING)
async def test_a_bidder_that_dies_bids_nothing_twice(live: LiveDesk, point: str) -> None:
    rules = {"target_bid": FAR_AWAY, "order_size": Decimal(1)}  # half of what the book shows, which is net of our own
    live.floor.settings = live.floor.settings.model_copy(update=rules)
    await open_floor(live)
    async with dying(live.floor, "bidder", await after_what_waits(live, "bidder", point)) as process:
        await until_died(live, process, "bidder", lambda: show(live, str(FAR_AWAY)))
    looks = await live.floor.one(LOOKS)

    await live.floor.start("bidder", start_bidder)

    async def has_bid() -> bool:
        await show(live, str(FAR_AWAY))
        return await live.floor.one(LOOKS) > looks and bool(await live_at_venue(live))

    await live.floor.until(has_bid, expected=True)
    await live.floor.until_taken()
    await live.floor.until(lambda: is_sound(live), expected=True)
    assert await live.floor.one("select array_agg(rung || ' ' || attempt) from orders") == ["0 0"]
    assert len(await live_at_venue(live)) == 1


@pytest.mark.parametrize("point", WHILE_LEAVING)
async def test_a_risk_that_dies_while_it_leaves_sells_what_is_held_and_no_more(live: LiveDesk, point: str) -> None:
    rules = {"stoploss_peak": Decimal("0.75"), "stoploss_exit": Decimal("0.40")}
    live.floor.settings = live.floor.settings.model_copy(update=rules)
    await open_floor(live)
    await take(live, ANY_PRICE)
    await live.floor.until(lambda: live.floor.one("select bool_and(status = 'confirmed') from fill"), expected=True)
    bought = await live.floor.one("select shares from positions")
    await live.floor.execute("update positions set highest_bid = 0.80")
    async with dying(live.floor, "risk", await after_what_waits(live, "risk", point)) as process:
        await until_died(live, process, "risk", lambda: show(live, "0.40"))

    await live.floor.start("risk", start_risk)

    async def is_left() -> bool:
        await show(live, "0.40")
        return await live.floor.one("select shares < 0.01 from positions")

    await live.floor.until(is_left, expected=True)
    await live.floor.until(lambda: is_sound(live), expected=True)
    assert await live.floor.one("select exited from market_guard")
    assert bought - await live.floor.one(SOLD) == await live.floor.one("select shares from positions")


async def test_a_risk_that_dies_as_it_hears_of_a_kill_leaves_nothing_resting_and_all_halted(live: LiveDesk) -> None:
    await open_floor(live)
    order = await bid(live, FAR_AWAY)
    await live.floor.until_status(order, "live")
    async with dying(live.floor, "risk", await after_what_waits(live, "risk", "delivery_handled")) as process:
        await live.floor.until(lambda: live.floor.one("select count(*) from lease where name like '%%risk'"), 1)
        await live.floor.execute("select halt(%s, 'operator', 'test')", live.floor.account)
        await died(live.floor, process, "risk")

    await live.floor.start("risk", start_risk)

    await live.floor.until_status(order, "cancelled")
    await live.floor.until(lambda: is_sound(live), expected=True)
    assert await live_at_venue(live) == set()
    assert await live.floor.one("select trading_state::text from account") == "halted"


@pytest.mark.parametrize("point", WHILE_LISTING)
async def test_a_discovery_that_dies_while_it_lists_lists_each_market_once(live: LiveDesk, point: str) -> None:
    await open_floor(live)
    order = await bid(live, FAR_AWAY)
    await live.floor.until_status(order, "live")
    async with dying(live.floor, "discovery", point) as process:
        await died(live.floor, process, "discovery")

    await live.floor.start("discovery", start_discovery)

    await live.floor.until(lambda: live.floor.one("select count(*) > 1 from market"), expected=True)
    await live.floor.until(lambda: live.floor.one("select count(*) from outbox where published_at is null"), 0)
    assert await live.floor.one("select count(*) = count(distinct slug) from market")
    assert await live.floor.one(
        "select bool_and(told = 1) from (select count(*) as told from outbox where schema like '%%market_listed%%'"
        " group by subject) as each"
    )
    await live.floor.until(lambda: is_sound(live), expected=True)
    assert await live_at_venue(live) != set()
