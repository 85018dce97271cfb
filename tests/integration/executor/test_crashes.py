"""A process dies at a named instant; its successor leaves the venue, the tables and the exposure agreeing."""

from __future__ import annotations

from asyncio.subprocess import Process
from collections.abc import Awaitable, Callable
from decimal import Decimal

import pytest

from services.executor.bootstrap import start as start_executor
from services.fills.bootstrap import start as start_fills
from shared.domain.ids import OrderId
from shared.fault_points import POINTS
from tests.integration.executor.conftest import LiveDesk
from tests.integration.executor.crashing import died, dying, referee
from tests.integration.executor.test_live_trading import intend, intend_to_take, take
from tests.integration.executor.test_redemption import WHILE_REDEEMING

pytestmark = pytest.mark.servers
WHILE_PLACING = (
    *("order_signed", "order_reserved", "order_looked_at", "order_written", "order_answered", "answer_recorded"),
    *("fact_published", "delivery_handled"),
)
WHILE_CANCELLING = ("cancel_recorded", "cancel_answered", "answer_recorded:2")
WHILE_FILLING = ("fill_heard", "fill_booked", "fact_published")
KNOWN = "select coalesce(array_agg(venue_order_id), '{}') from orders where status in ('live', 'partly_filled')"
ANY_PRICE = Decimal("0.99")
FAR_AWAY = Decimal("0.02")
UNDER_WAY = "select count(*) from orders where status in ('submitting', 'cancelling')"


async def live_at_venue(live: LiveDesk) -> set[str]:
    wallet = live.floor.settings.wallet_address
    orders = (await referee(live))["orders"]
    return {each["order_id"] for each in orders if each["status"] == "LIVE" and each["address"] == wallet}


async def agrees(live: LiveDesk) -> bool:
    """Nothing is under way any more, and what lives there is what we hold for living."""
    known = set(await live.floor.one(KNOWN))
    return not await live.floor.one(UNDER_WAY) and known == await live_at_venue(live)


async def exposure_is_true(live: LiveDesk) -> bool:
    return await live.floor.one(
        "select reserved = coalesce((select sum(price * (shares - filled)) from orders"
        " where status not in ('filled', 'cancelled', 'rejected', 'expired')), 0) from account"
    )


async def until_entered(
    live: LiveDesk, intend: Callable[[LiveDesk, Decimal], Awaitable[OrderId]], price: Decimal, process: Process
) -> OrderId:
    """Or until `process` has died: it may do so at any time, by a fact of its own start too."""
    return await live.floor.until_entered(lambda: intend(live, price), lambda: process.returncode is not None)


@pytest.mark.parametrize("point", WHILE_PLACING)
async def test_an_executor_that_dies_while_placing_leaves_no_order_unknown(live: LiveDesk, point: str) -> None:
    async with dying(live, "executor", point) as process:
        await live.floor.until(lambda: live.floor.one("select count(*) from account"), 1)
        await live.floor.start("fills", start_fills)
        await until_entered(live, intend, FAR_AWAY, process)
        await died(live, process, "executor")

    await live.floor.start("executor", start_executor)

    await live.floor.until(lambda: agrees(live), expected=True)
    assert len(await live_at_venue(live)) <= 1
    assert await exposure_is_true(live)


@pytest.mark.parametrize("point", WHILE_CANCELLING)
async def test_an_executor_that_dies_while_cancelling_leaves_nothing_resting(live: LiveDesk, point: str) -> None:
    async with dying(live, "executor", point) as process:
        await live.floor.until(lambda: live.floor.one("select count(*) from account"), 1)
        await live.floor.start("fills", start_fills)
        order = await until_entered(live, intend, FAR_AWAY, process)
        await live.floor.until(lambda: is_answered(live, order), expected=True)
        await live.floor.cancel(order, live.market.market)
        await died(live, process, "executor")

    await live.floor.start("executor", start_executor)

    await live.floor.until_status(order, "cancelled")
    assert await live_at_venue(live) == set()
    assert await live.floor.exposure() == 0


@pytest.mark.parametrize("point", WHILE_FILLING)
async def test_fills_that_die_while_booking_lose_and_double_nothing(live: LiveDesk, point: str) -> None:
    await live.floor.start("executor", start_executor)
    async with dying(live, "fills", point) as process:
        order = await until_entered(live, intend_to_take, ANY_PRICE, process)
        await died(live, process, "fills")

    await live.floor.start("fills", start_fills)
    if await live.floor.status(order) is None:
        await take(live, ANY_PRICE)

    await live.floor.until(lambda: live.floor.one("select bool_and(status = 'confirmed') from fill"), expected=True)
    await live.floor.until(lambda: holds_what_the_venue_says(live), expected=True)
    assert await live.floor.one("select count(*) from fill where order_id = %s and status <> 'failed'", order) > 0


async def is_answered(live: LiveDesk, order: OrderId) -> bool:
    return await live.floor.status(order) not in (None, "submitting")


async def holds_what_the_venue_says(live: LiveDesk) -> bool:
    told = (await referee(live))["balances"][live.floor.settings.wallet_address]
    held = sum(Decimal(amount) for amount in told["tokens"].values()) / 10**6
    return await live.floor.one("select coalesce(sum(shares), 0) from positions") == held


def test_every_instant_is_died_at_somewhere() -> None:
    died_at = {
        point.partition(":")[0] for point in (*WHILE_PLACING, *WHILE_CANCELLING, *WHILE_FILLING, *WHILE_REDEEMING)
    }
    assert died_at | {"market_settled"} == set(POINTS)
