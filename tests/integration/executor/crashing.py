"""A service as a process of its own, until it dies at a named instant; and what has to be true afterwards."""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from decimal import Decimal
from pathlib import Path
from typing import Any

import httpx

from shared.fault_points import CRASHED
from tests.integration.executor.conftest import LiveDesk
from tests.integration.executor.trading_floor import Floor

ROOT = Path(__file__).parents[3]
DIED_SECONDS = 30
KNOWN = "select coalesce(array_agg(venue_order_id), '{}') from orders where status in ('live', 'partly_filled')"
UNDER_WAY = "select count(*) from orders where status in ('submitting', 'cancelling')"


@asynccontextmanager
async def dying(floor: Floor, service: str, point: str) -> AsyncGenerator[asyncio.subprocess.Process]:
    given = floor.settings.model_dump(exclude_defaults=True)
    environment = {f"TDMAKER_{name.upper()}": str(value) for name, value in given.items()} | {"FAULT_POINT": point}
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", f"services.{service}", cwd=ROOT, env={**os.environ, **environment}
    )
    try:
        yield process
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()


async def died(floor: Floor, process: asyncio.subprocess.Process, service: str) -> None:
    """And the time of its lease passes: a successor waits for that."""
    async with asyncio.timeout(DIED_SECONDS):
        assert await process.wait() == CRASHED
    await floor.execute("update lease set expires_at = clock_timestamp() where name like %s", f"%{service}")


async def referee(live: LiveDesk) -> dict[str, Any]:
    async with httpx.AsyncClient() as client:
        return (await client.get(f"{live.venue.http}/sim/referee")).json()


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


async def holds_what_the_venue_says(live: LiveDesk) -> bool:
    told = (await referee(live))["balances"][live.floor.settings.wallet_address]
    held = sum(Decimal(amount) for amount in told["tokens"].values()) / 10**6
    return await live.floor.one("select coalesce(sum(shares), 0) from positions") == held
