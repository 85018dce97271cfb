"""A connection to the bus that is given up halfway leaves no socket behind."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable

import pytest

from shared.bus.facts import NatsFacts
from shared.bus.streams import load_topology
from shared.outside import Network
from shared.runtime.settings import Settings

GIVEN_UP_SECONDS = 5


class SilentServer:
    """Takes connections and says nothing, so that whoever connects waits for its greeting."""

    def __init__(self) -> None:
        self.reached = asyncio.Event()
        self.left = asyncio.Event()
        self.url = ""

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reached.set()
        await reader.read()
        writer.close()
        self.left.set()


@pytest.fixture
async def silent() -> AsyncIterator[SilentServer]:
    server = SilentServer()
    listening = await asyncio.start_server(server.serve, "127.0.0.1", 0)
    server.url = f"nats://127.0.0.1:{listening.sockets[0].getsockname()[1]}"
    yield server
    listening.close()


async def facts_at(url: str) -> None:
    await NatsFacts(url, "notifier", load_topology()).start()


async def client_at(url: str) -> None:
    await Network("notifier", Settings(nats_url=url)).nats()


async def given_up(task: asyncio.Task[None]) -> None:
    """Cancelled until it ends, as a service does: on Python 3.11 `wait_for` swallows one that meets its result."""
    while not task.done():
        task.cancel()
        await asyncio.wait([task], timeout=0.1)


@pytest.mark.parametrize("connect", [facts_at, client_at])
async def test_whoever_stops_waiting_for_the_bus_hangs_up(
    silent: SilentServer, connect: Callable[[str], Awaitable[None]]
) -> None:
    async def work() -> None:
        await connect(silent.url)

    connecting = asyncio.create_task(work())
    await silent.reached.wait()
    await given_up(connecting)
    async with asyncio.timeout(GIVEN_UP_SECONDS):
        await silent.left.wait()
