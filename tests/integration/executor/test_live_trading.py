"""Signed orders at the simulator's process, by the real executor and fills; its ledger is the referee."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from decimal import Decimal
from pathlib import Path
from typing import Any

import httpx
import pytest

from services.executor.bootstrap import start as start_executor
from services.fills.bootstrap import start as start_fills
from shared.domain.ids import OrderId
from shared.domain.order import TimeInForce
from shared.runtime.service import ServiceContext
from shared.runtime.settings import Settings
from tests.integration.executor.conftest import LiveDesk

pytestmark = pytest.mark.servers
ROOT = Path(__file__).parents[3]


async def referee(live: LiveDesk) -> dict[str, Any]:
    async with httpx.AsyncClient() as client:
        return (await client.get(f"{live.venue.http}/sim/referee")).json()


async def best_bid(live: LiveDesk) -> Decimal:
    token = live.market.outcomes[0].token
    async with httpx.AsyncClient() as client:
        book = (await client.get(f"{live.venue.http}/book", params={"token_id": token})).json()
    return max(Decimal(level["price"]) for level in book["bids"])


async def bid(live: LiveDesk, price: Decimal, shares: str = "10", attempt: int = 0) -> OrderId:
    return await live.floor.until_entered(lambda: intend(live, price, shares, attempt))


async def intend(live: LiveDesk, price: Decimal, shares: str = "10", attempt: int = 0) -> OrderId:
    up = live.market.outcomes[0]
    return await live.floor.intend(live.market.market, up.token, str(price), shares, outcome=up.name, attempt=attempt)


async def open_floor(live: LiveDesk) -> ServiceContext:
    """The executor's context."""
    executor = await live.floor.start("executor", start_executor)
    await live.floor.start("fills", start_fills)
    await live.floor.until(lambda: live.floor.one("select count(*) from liveness where service = 'fills'"), 1)
    return executor


async def at_venue(live: LiveDesk, order: OrderId) -> dict[str, Any] | None:
    venue_order_id = await live.floor.one("select venue_order_id from orders where order_id = %s", order)
    found = [each for each in (await referee(live))["orders"] if each["order_id"] == venue_order_id]
    return found[0] if found else None


async def status_at_venue(live: LiveDesk, order: OrderId) -> str | None:
    found = await at_venue(live, order)
    return None if found is None else found["status"]


async def test_a_signed_order_is_placed_filled_confirmed_and_booked(live: LiveDesk) -> None:
    await open_floor(live)

    order = await bid(live, await best_bid(live))
    await live.floor.until_status(order, "filled")
    await live.floor.until(lambda: live.floor.one("select confirmed_shares from positions"), Decimal(10))

    told = await referee(live)
    token = live.market.outcomes[0].token
    held = told["balances"][live.floor.settings.wallet_address]["tokens"][token]
    assert int(held) == 10_000_000
    cost = await live.floor.one("select cost from positions")
    cash = Decimal(told["balances"][live.floor.settings.wallet_address]["collateral"]) / 10**6
    assert cash == Decimal(1000) - cost
    assert told["duplicates_refused"] == 0


async def test_an_order_away_from_the_market_rests_at_the_venue_until_it_is_cancelled(live: LiveDesk) -> None:
    await open_floor(live)
    order = await bid(live, Decimal("0.02"))
    await live.floor.until_status(order, "live")
    assert await status_at_venue(live, order) == "LIVE"

    await live.floor.cancel(order, live.market.market)

    await live.floor.until_status(order, "cancelled")
    assert await status_at_venue(live, order) == "CANCELED"
    assert await live.floor.exposure() == 0


async def test_a_post_only_order_that_would_cross_is_rejected_with_the_venues_reason(live: LiveDesk) -> None:
    await open_floor(live)

    order = await bid(live, Decimal("0.98"), shares="5")

    await live.floor.until_status(order, "rejected")
    reason = await live.floor.one("select status_reason from orders where order_id = %s", order)
    assert reason.startswith("post_only_would_cross")
    assert await live.floor.exposure() == 0


async def test_a_kill_empties_the_venues_book(live: LiveDesk) -> None:
    await open_floor(live)
    order = await bid(live, Decimal("0.02"))
    await live.floor.until_status(order, "live")

    await live.floor.execute("select halt(%s, 'operator', 'test')", live.floor.account)

    await live.floor.until(lambda: status_at_venue(live, order), "CANCELED")
    await live.floor.until_status(order, "cancelled")


@pytest.mark.parametrize("service", ["discovery", "bidder", "fills", "risk"])
async def test_nobodys_entries_rest_while_nobody_watches_them(live: LiveDesk, service: str) -> None:
    await open_floor(live)
    order = await bid(live, Decimal("0.02"))
    await live.floor.until_status(order, "live")

    await live.floor.silence(service)

    await live.floor.until(lambda: status_at_venue(live, order), "CANCELED")
    await live.floor.until_status(order, "cancelled")
    assert await live.floor.one("select status_reason from orders") == "CANCELED"


async def test_an_order_nobody_recorded_is_cancelled_at_the_start(live: LiveDesk) -> None:
    await open_floor(live)
    order = await bid(live, Decimal("0.02"))
    await live.floor.until_status(order, "live")
    venue_order_id = await live.floor.one("select venue_order_id from orders")
    for statement in ("delete from order_event", "delete from ledger_entry", "delete from orders"):
        await live.floor.execute(statement)  # pyright: ignore[reportArgumentType]
    await live.floor.stop("executor")

    await live.floor.start("executor", start_executor)

    told = await referee(live)
    assert {each["order_id"]: each["status"] for each in told["orders"]} == {venue_order_id: "CANCELED"}


async def test_orders_of_a_killed_executor_are_known_to_its_successor(live: LiveDesk) -> None:
    order = await left_resting_by_a_killed_executor(live)

    await live.floor.start("executor", start_executor)

    assert await status_at_venue(live, order) == "LIVE"
    assert await live.floor.status(order) == "live"
    assert await live.floor.one("select trading_state::text from account") == "active"


async def test_a_killed_executor_that_nobody_follows_leaves_an_empty_book(live: LiveDesk) -> None:
    order = await left_resting_by_a_killed_executor(live)

    await live.floor.until(lambda: status_at_venue(live, order), "CANCELED")


async def left_resting_by_a_killed_executor(live: LiveDesk) -> OrderId:
    async with executor_process(live.floor.settings) as process:
        await live.floor.until(lambda: live.floor.one("select count(*) from lease where name like '%%executor'"), 1)
        await live.floor.start("fills", start_fills)
        order = await bid(live, Decimal("0.02"))
        await live.floor.until_status(order, "live")
        os.kill(process.pid, signal.SIGKILL)
        await process.wait()
    return order


@asynccontextmanager
async def executor_process(settings: Settings) -> AsyncGenerator[asyncio.subprocess.Process]:
    given = settings.model_dump(exclude_defaults=True)
    environment = {f"TDMAKER_{name.upper()}": str(value) for name, value in given.items()}
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "services.executor", cwd=ROOT, env={**os.environ, **environment}
    )
    try:
        yield process
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()


async def best_ask(live: LiveDesk) -> Decimal:
    token = live.market.outcomes[0].token
    async with httpx.AsyncClient() as client:
        book = (await client.get(f"{live.venue.http}/book", params={"token_id": token})).json()
    return min(Decimal(level["price"]) for level in book["asks"])


async def take(live: LiveDesk, price: Decimal) -> OrderId:
    return await live.floor.until_entered(lambda: intend_to_take(live, price))


async def intend_to_take(live: LiveDesk, price: Decimal) -> OrderId:
    up = live.market.outcomes[0]
    return await live.floor.intend(
        live.market.market, up.token, str(price), "10", outcome=up.name, time_in_force=TimeInForce.FOK
    )


async def assert_the_referee_agrees(live: LiveDesk) -> None:
    """On shares to the unit; on cash but for the last digit of fees, whose rounding the venue does not document."""
    told = (await referee(live))["balances"][live.floor.settings.wallet_address]
    up = live.market.outcomes[0]
    held = Decimal(told["tokens"].get(up.token, 0)) / 10**6
    assert await live.floor.one("select coalesce(sum(shares), 0) from positions") == held
    moved = await live.floor.one(
        "select coalesce(sum(case when side = 'BUY' then -price * shares else price * shares end - fee), 0) from fill"
        " where status <> 'failed'"
    )
    assert abs(Decimal(told["collateral"]) / 10**6 - 1000 - moved) <= Decimal("0.0001")


async def test_a_market_is_left_early_at_the_venue(live: LiveDesk) -> None:
    await open_floor(live)
    market, up = live.market.market, live.market.outcomes[0]
    taken = await take(live, min(Decimal("0.99"), await best_ask(live) + Decimal("0.02")))
    await live.floor.until_status(taken, "filled")
    await live.floor.until(lambda: live.floor.one("select bool_and(status = 'confirmed') from fill"), expected=True)
    await assert_the_referee_agrees(live)
    resting = await live.floor.bid(market, up.token, "0.02", "10", outcome=up.name, rung=1)
    await live.floor.until_status(resting, "live")

    await live.floor.close_entries(market)

    await live.floor.until(live.floor.entries_closed, 1)
    assert await status_at_venue(live, resting) == "CANCELED"
    shares = await live.floor.one("select trunc(confirmed_shares, 2) from positions")
    sale = await live.floor.sell(market, up.token, str(shares), outcome=up.name)
    await live.floor.until_status(sale, "filled")
    assert await live.floor.one("select shares < 0.01 from positions")
    await assert_the_referee_agrees(live)


async def test_a_taker_that_finds_nothing_is_rejected_and_costs_nothing(live: LiveDesk) -> None:
    await open_floor(live)

    order = await take(live, Decimal("0.15"))

    await live.floor.until_status(order, "rejected")
    reason = await live.floor.one("select status_reason from orders where order_id = %s", order)
    assert reason.startswith("not_filled")
    assert await live.floor.exposure() == 0


async def test_nothing_is_sold_after_a_kill(live: LiveDesk) -> None:
    await open_floor(live)
    taken = await take(live, min(Decimal("0.99"), await best_ask(live) + Decimal("0.02")))
    await live.floor.until_status(taken, "filled")
    await live.floor.execute("select halt(%s, 'operator', 'test')", live.floor.account)

    sale = await live.floor.sell(live.market.market, live.market.outcomes[0].token, "5", outcome="Up")

    await live.floor.until(lambda: live.floor.left("exits"), 0)
    assert await live.floor.status(sale) is None


async def test_a_sale_above_every_bid_is_rejected_and_made_again_lower(live: LiveDesk) -> None:
    await open_floor(live)
    market, up = live.market.market, live.market.outcomes[0]
    taken = await take(live, min(Decimal("0.99"), await best_ask(live) + Decimal("0.02")))
    await live.floor.until_status(taken, "filled")
    await live.floor.until(lambda: live.floor.one("select bool_and(status = 'confirmed') from fill"), expected=True)

    sale = await live.floor.sell(market, up.token, "5", "0.99", outcome=up.name)

    await live.floor.until_status(sale, "rejected")
    again = await live.floor.sell(market, up.token, "5", outcome=up.name, attempt=1)
    await live.floor.until_status(again, "filled")
    await assert_the_referee_agrees(live)
