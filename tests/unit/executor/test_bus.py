"""Entries close while the bus is away."""

from __future__ import annotations

import pytest

from services.executor.domain.gate import Gate
from services.executor.handlers.bus import TOLERATED_SECONDS, WatchBus
from tests.unit.executor.fakes import FakeGuard, TurnedClock


class FakeBus:
    is_there = True

    async def answers(self) -> bool:
        return self.is_there


class Desk:
    def __init__(self) -> None:
        self.bus, self.guard, self.clock = FakeBus(), FakeGuard(Gate()), TurnedClock()
        self.watch = WatchBus(self.bus, self.guard, self.clock)

    async def look_after(self, seconds: float, *, is_there: bool) -> dict[str, str]:
        self.clock.turn(seconds)
        self.bus.is_there = is_there
        await self.watch.look()
        return self.guard.causes


@pytest.fixture
def desk() -> Desk:
    return Desk()


async def test_a_server_that_is_started_again_at_once_closes_nothing(desk: Desk) -> None:
    await desk.watch.look()
    assert await desk.look_after(TOLERATED_SECONDS, is_there=False) == {}
    assert await desk.look_after(1, is_there=True) == {}
    assert await desk.look_after(TOLERATED_SECONDS, is_there=False) == {}


async def test_entries_close_once_and_open_with_the_first_answer(desk: Desk) -> None:
    await desk.watch.look()
    assert await desk.look_after(TOLERATED_SECONDS + 1, is_there=False) == {"bus_away": "reducing"}
    version = desk.guard.version
    await desk.look_after(1, is_there=False)
    assert desk.guard.version == version
    assert await desk.look_after(1, is_there=True) == {}


async def test_the_cause_of_an_earlier_life_goes_with_the_first_answer(desk: Desk) -> None:
    await desk.guard.set_cause("bus_away", "reducing", "", cancels=True)
    assert await desk.look_after(1, is_there=True) == {}


async def test_entries_close_also_when_it_never_answered(desk: Desk) -> None:
    assert await desk.look_after(TOLERATED_SECONDS + 1, is_there=False) == {"bus_away": "reducing"}
