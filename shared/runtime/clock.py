"""The only module that reads the machine's time."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Protocol

from shared.domain.clock import Clock, ClockOrigin

ANNOUNCEMENT_POLL_SECONDS = 0.05
ReadOrigin = Callable[[], Awaitable[ClockOrigin | None]]


class PacedClock(Clock, Protocol):
    """A clock that knows how many domain seconds pass in a wall second."""

    @property
    def speed(self) -> float: ...


def _machine_now() -> datetime:
    return datetime.now(UTC)  # noqa: TID251


@dataclass(frozen=True, slots=True)
class RealClock:
    """Domain time is wall time."""

    speed: float = 1.0

    def now(self) -> datetime:
        return _machine_now()

    def wall(self) -> datetime:
        return _machine_now()

    def monotonic_seconds(self) -> float:
        return time.monotonic()


@dataclass(frozen=True, slots=True)
class ScaledClock:
    """Domain time runs from an origin at its speed; every process with the same origin agrees on it."""

    origin: ClockOrigin

    @property
    def speed(self) -> float:
        return self.origin.speed

    def now(self) -> datetime:
        return self.origin.domain_at(_machine_now())

    def wall(self) -> datetime:
        return _machine_now()

    def monotonic_seconds(self) -> float:
        return time.monotonic()


class AnnouncedClock:
    """A scaled clock whose origin is set only when the whole system is ready.

    Until then domain time stands still at the wall instant of construction; time-driven work awaits `started`.
    """

    def __init__(self, speed: float) -> None:
        self._origin: ClockOrigin | None = None
        self._held_at = _machine_now()
        self._speed = speed
        self.started = asyncio.Event()

    @property
    def speed(self) -> float:
        return self._origin.speed if self._origin else self._speed

    def now(self) -> datetime:
        return self._origin.domain_at(_machine_now()) if self._origin else self._held_at

    def wall(self) -> datetime:
        return _machine_now()

    def monotonic_seconds(self) -> float:
        return time.monotonic()

    def announce(self, origin: ClockOrigin) -> None:
        self._origin = origin
        self.started.set()

    async def follow(self, read: ReadOrigin) -> None:
        """Asks until there is an origin, then lets time run from it."""
        while (origin := await read()) is None:
            await asyncio.sleep(ANNOUNCEMENT_POLL_SECONDS)
        self.announce(origin)


async def sleep_domain(clock: PacedClock, seconds: float) -> None:
    """Waits `seconds` of domain time."""
    await asyncio.sleep(seconds / clock.speed)
