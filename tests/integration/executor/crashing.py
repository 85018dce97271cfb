"""A service as a process of its own, until it dies at a named instant."""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx

from shared.fault_points import CRASHED
from tests.integration.executor.conftest import LiveDesk

ROOT = Path(__file__).parents[3]
DIED_SECONDS = 30


@asynccontextmanager
async def dying(live: LiveDesk, service: str, point: str) -> AsyncGenerator[asyncio.subprocess.Process]:
    given = live.floor.settings.model_dump(exclude_defaults=True)
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


async def died(live: LiveDesk, process: asyncio.subprocess.Process, service: str) -> None:
    """And the time of its lease passes: a successor waits for that."""
    async with asyncio.timeout(DIED_SECONDS):
        assert await process.wait() == CRASHED
    await live.floor.execute("update lease set expires_at = clock_timestamp() where name like %s", f"%{service}")


async def referee(live: LiveDesk) -> dict[str, Any]:
    async with httpx.AsyncClient() as client:
        return (await client.get(f"{live.venue.http}/sim/referee")).json()
