"""A service as it runs, in a task of the test."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager

from cli.servers import Servers
from shared.runtime.service import EXIT_OK, ServiceContext, Start, run_service
from shared.runtime.settings import load_settings

PATIENCE_SECONDS = 20


@asynccontextmanager
async def running(
    name: str, start: Start, servers: Servers, database: str, **options: object
) -> AsyncGenerator[ServiceContext]:
    """Ready when the block begins; stopped cleanly at its end."""
    started: asyncio.Future[ServiceContext] = asyncio.get_running_loop().create_future()

    async def start_and_tell(context: ServiceContext) -> None:
        await start(context)
        started.set_result(context)

    addresses = {"postgres_url": database, "nats_url": servers.nats_url}
    settings = load_settings(environ={}, overrides=addresses | options)
    task = asyncio.create_task(run_service(name, settings, start_and_tell))
    await asyncio.wait({task, started}, return_when=asyncio.FIRST_COMPLETED, timeout=PATIENCE_SECONDS)
    context = started.result()
    yield context
    context.stop()
    assert await task == EXIT_OK


async def until(holds: Callable[[], Awaitable[bool]]) -> None:
    """Returns when it holds. Raises TimeoutError."""
    async with asyncio.timeout(PATIENCE_SECONDS):
        while not await holds():
            await asyncio.sleep(0.02)
