"""Nothing that the venue holds up holds up the heartbeat, nor the cancels."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Coroutine
from contextlib import AsyncExitStack
from dataclasses import dataclass, field

import pytest

from services.executor.bootstrap import live_venue_of
from services.executor.domain.gate import Gate
from services.executor.domain.open_order import SignedEntry
from services.executor.handlers import heartbeat
from services.executor.handlers.heartbeat import Heartbeat
from services.executor.subscribers import keep_beating
from shared.domain.ids import OrderId, VenueOrderId
from shared.runtime.clock import RealClock
from shared.venue.auth import Credentials
from shared.venue.clob import ClobClient
from shared.venue.http import HttpClient
from tests.unit.executor.fakes import MARKET, NOW, FakeGuard, FakeMeter, TurnedClock
from tests.unit.venue.scripted_server import read_request, reply

CREDENTIALS = Credentials(address="0xabc", api_key="key", secret="c2VjcmV0", passphrase="phrase")  # fixture
HOLDS = ("POST /order", "DELETE /orders")
MORE_THAN_A_CLIENT_HAS_CONNECTIONS = 40
BEATS = 3


@dataclass(slots=True)
class Holding:
    """A venue that answers beats, and orders and cancels never."""

    asked: list[str] = field(default_factory=list[str])
    news: asyncio.Condition = field(default_factory=asyncio.Condition)
    is_over: asyncio.Event = field(default_factory=asyncio.Event)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while True:
                request = await read_request(reader, 0)
                asked = f"{request.method} {request.path}"
                async with self.news:
                    self.asked.append(asked)
                    self.news.notify_all()
                if asked in HOLDS:
                    await self.is_over.wait()
                    break
                writer.write(reply(200, f'{{"heartbeat_id": "id-{len(self.asked)}"}}'))
        except (asyncio.IncompleteReadError, ConnectionError):
            """The client left."""
        finally:
            writer.close()

    async def until_asked(self, what: str, times: int) -> None:
        async with self.news:
            await self.news.wait_for(lambda: self.asked.count(what) >= times)


@dataclass(frozen=True, slots=True)
class Scene:
    venue: Holding
    origin: str


@pytest.fixture
async def scene() -> AsyncIterator[Scene]:
    venue = Holding()
    listener = await asyncio.start_server(venue.serve, "127.0.0.1", 0)
    yield Scene(venue, f"http://127.0.0.1:{listener.sockets[0].getsockname()[1]}")
    venue.is_over.set()
    listener.close()


def entry(number: int) -> SignedEntry:
    name = f"o{number}"
    return SignedEntry(OrderId(name), VenueOrderId(f"0x{name}"), MARKET.market, b"{}", NOW)


def lets_go() -> str | None:
    return None


async def test_beats_and_cancels_go_out_while_the_venue_holds_up_every_order(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(heartbeat, "PERIOD_SECONDS", 0.0)
    async with AsyncExitStack() as stack:

        def client() -> ClobClient:
            clob = ClobClient(HttpClient(scene.origin), CREDENTIALS, RealClock(), place_timeout_seconds=60)
            stack.push_async_callback(clob.close)
            return clob

        venue, heart = live_venue_of(client(), client)
        beats = Heartbeat(heart, FakeGuard(Gate()), TurnedClock(), FakeMeter())
        tasks = [
            begun(venue.place(entry(number), lets_go)) for number in range(MORE_THAN_A_CLIENT_HAS_CONNECTIONS)
        ]  # fmt: skip
        await scene.venue.until_asked("POST /order", 1)

        tasks.append(begun(venue.cancel([VenueOrderId("0xo1")])))
        await scene.venue.until_asked("DELETE /orders", 1)
        tasks.append(begun(keep_beating(beats)))
        await scene.venue.until_asked("POST /v1/heartbeats", BEATS)

        assert not any(task.done() for task in tasks)
        for task in tasks:
            task.cancel()
        await asyncio.wait(tasks)


def begun(work: Coroutine[None, None, object]) -> asyncio.Task[object]:
    return asyncio.create_task(work)
