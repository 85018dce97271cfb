"""The dead-man switch at a simulated venue: what is a second engine there, and what is none."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack
from pathlib import Path

import pytest

from cli.wallet import log_in, make_key, read_wallet
from services.executor.adapters.live_venue import LiveHeart
from services.executor.domain.gate import Gate
from services.executor.handlers.heartbeat import PERIOD_SECONDS, Heartbeat
from shared.runtime.clock import RealClock
from shared.venue.clob import ClobClient
from shared.venue.http import HttpClient
from tests.unit.executor.fakes import FakeGuard, FakeMeter
from tests.venue_sim.faulty import switch, switched_on
from tests.venue_sim.process import Address

CLOSED = {"heartbeat": "reducing"}


class Engine:
    """An executor's heart, whose beats the test decides."""

    def __init__(self, clob: ClobClient) -> None:
        self.guard = FakeGuard(Gate())
        self._heartbeat = Heartbeat(LiveHeart(clob), self.guard, RealClock(), FakeMeter())

    async def beat(self) -> bool:
        """Until it is taken; whether entries were closed meanwhile."""
        was_closed = False
        while await self._heartbeat.beat() != PERIOD_SECONDS:
            was_closed |= self.guard.causes == CLOSED
        return was_closed


@pytest.fixture
async def engine(venue: Address, tmp_path: Path) -> AsyncIterator[Callable[[], Engine]]:
    """Engines that share one API key."""
    make_key(tmp_path / "key")
    login = await log_in(read_wallet(tmp_path / "key"), venue.http, 137, RealClock())
    async with AsyncExitStack() as stack:

        def started() -> Engine:
            clob = ClobClient(HttpClient(venue.http), login, RealClock())
            stack.push_async_callback(clob.close)
            return Engine(clob)

        yield started


async def test_a_successor_takes_the_chain_of_the_one_that_is_gone(engine: Callable[[], Engine]) -> None:
    await engine().beat()
    assert not await engine().beat()


async def test_of_two_engines_each_closes_entries_and_keeps_them_closed(engine: Callable[[], Engine]) -> None:
    one, other = engine(), engine()
    await one.beat()
    await other.beat()
    for _ in range(3):
        assert await one.beat()
        assert await other.beat()
        assert (one.guard.causes, other.guard.causes) == (CLOSED, CLOSED)


async def test_entries_open_when_the_other_engine_is_gone(engine: Callable[[], Engine]) -> None:
    one, other = engine(), engine()
    await one.beat()
    await other.beat()
    assert await one.beat()
    assert one.guard.causes == CLOSED
    await one.beat()
    assert one.guard.causes == {}


async def test_lost_answers_are_beats_of_our_own(engine: Callable[[], Engine], venue: Address) -> None:
    one = engine()
    await one.beat()
    for _ in range(3):
        switch(venue, "heartbeat_answer_lost", times=1)
        assert not await one.beat()


async def test_refused_beats_close_entries_until_one_is_taken(engine: Callable[[], Engine], venue: Address) -> None:
    one = engine()
    await one.beat()
    with switched_on(venue, "heartbeat_refused", times=2):
        assert await one.beat()
    assert one.guard.causes == {}
