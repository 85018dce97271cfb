"""A process dies at a named instant; its successor leaves the venue, the tables and the exposure agreeing."""

from __future__ import annotations

from asyncio.subprocess import Process
from collections.abc import Awaitable, Callable
from decimal import Decimal

import pytest

from services.executor.bootstrap import start as start_executor
from services.fills.bootstrap import start as start_fills
from shared.domain.ids import OrderId
from tests.integration.executor.conftest import LiveDesk
from tests.integration.executor.crashing import (
    agrees,
    died,
    dying,
    exposure_is_true,
    holds_what_the_venue_says,
    live_at_venue,
)
from tests.integration.executor.test_live_trading import intend, intend_to_take, take
from tests.integration.executor.trading_floor import Floor

pytestmark = pytest.mark.servers
WHILE_PLACING = (
    *("order_signed", "order_reserved", "order_looked_at", "order_written", "order_answered", "answer_recorded"),
    *("fact_published", "delivery_handled"),
)
WHILE_CANCELLING = ("cancel_recorded", "cancel_answered", "answer_recorded:2")
WHILE_FILLING = ("fill_heard", "fill_booked", "fact_published")
WHILE_FILLING_ON_PAPER = ("delivery_handled",)
ANY_PRICE = Decimal("0.99")
FAR_AWAY = Decimal("0.02")


async def until_entered(
    live: LiveDesk, intend: Callable[[LiveDesk, Decimal], Awaitable[OrderId]], price: Decimal, process: Process
) -> OrderId:
    """Or until `process` has died: it may do so at any time, by a fact of its own start too."""
    return await live.floor.until_entered(lambda: intend(live, price), lambda: process.returncode is not None)


@pytest.mark.parametrize("point", WHILE_PLACING)
async def test_an_executor_that_dies_while_placing_leaves_no_order_unknown(live: LiveDesk, point: str) -> None:
    async with dying(live.floor, "executor", point) as process:
        await live.floor.until(lambda: live.floor.one("select count(*) from account"), 1)
        await live.floor.start("fills", start_fills)
        await until_entered(live, intend, FAR_AWAY, process)
        await died(live.floor, process, "executor")

    await live.floor.start("executor", start_executor)

    await live.floor.until(lambda: agrees(live), expected=True)
    assert len(await live_at_venue(live)) <= 1
    assert await exposure_is_true(live)


@pytest.mark.parametrize("point", WHILE_CANCELLING)
async def test_an_executor_that_dies_while_cancelling_leaves_nothing_resting(live: LiveDesk, point: str) -> None:
    async with dying(live.floor, "executor", point) as process:
        await live.floor.until(lambda: live.floor.one("select count(*) from account"), 1)
        await live.floor.start("fills", start_fills)
        order = await until_entered(live, intend, FAR_AWAY, process)
        await live.floor.until(lambda: is_answered(live, order), expected=True)
        await live.floor.cancel(order, live.market.market)
        await died(live.floor, process, "executor")

    await live.floor.start("executor", start_executor)

    await live.floor.until_status(order, "cancelled")
    assert await live_at_venue(live) == set()
    assert await live.floor.exposure() == 0


@pytest.mark.parametrize("point", WHILE_FILLING)
async def test_fills_that_die_while_booking_lose_and_double_nothing(live: LiveDesk, point: str) -> None:
    await live.floor.start("executor", start_executor)
    async with dying(live.floor, "fills", point) as process:
        order = await until_entered(live, intend_to_take, ANY_PRICE, process)
        await died(live.floor, process, "fills")

    await live.floor.start("fills", start_fills)
    if await live.floor.status(order) is None:
        await take(live, ANY_PRICE)

    await live.floor.until(lambda: live.floor.one("select bool_and(status = 'confirmed') from fill"), expected=True)
    await live.floor.until(lambda: holds_what_the_venue_says(live), expected=True)
    assert await live.floor.one("select count(*) from fill where order_id = %s and status <> 'failed'", order) > 0


@pytest.mark.parametrize("point", WHILE_FILLING_ON_PAPER)
async def test_fills_on_paper_that_die_with_an_order_in_hand_fill_it_once(paper_floor: Floor, point: str) -> None:
    await paper_floor.start("executor", start_executor)
    await paper_floor.add_market("m1")
    async with dying(paper_floor, "fills", point) as process:
        order = await paper_floor.until_entered(
            lambda: paper_floor.intend("m1", "1"), lambda: process.returncode is not None
        )
        await died(paper_floor, process, "fills")
    await paper_floor.start("fills", start_fills)
    if await paper_floor.status(order) is None:
        await paper_floor.bid("m1", "1")

    await paper_floor.top("m1", "1", "0.79", "0.81")

    await paper_floor.until_status(order, "filled")
    assert await paper_floor.one("select shares from positions") == 10
    assert await paper_floor.one("select count(*) from fill") == 1


async def is_answered(live: LiveDesk, order: OrderId) -> bool:
    return await live.floor.status(order) not in (None, "submitting")
