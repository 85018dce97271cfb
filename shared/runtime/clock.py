"""The only module that reads the machine's time."""

import asyncio
import time
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Protocol

from pydantic import BaseModel, ConfigDict, ValidationError

from shared.domain.clock import Clock

ANNOUNCEMENT_POLL_SECONDS = 0.05


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


class ClockOrigin(BaseModel):
    """Where domain time was at one wall instant, and how fast it runs; the content of a clock file."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    origin_wall_ms: int
    origin_domain_ms: int
    speed: float


@dataclass(frozen=True, slots=True)
class ScaledClock:
    """domain = origin_domain + (wall - origin_wall) x speed. Every process with one origin agrees on domain time."""

    origin_wall: datetime
    origin_domain: datetime
    speed: float

    @classmethod
    def of(cls, origin: ClockOrigin) -> "ScaledClock":
        return cls(_from_ms(origin.origin_wall_ms), _from_ms(origin.origin_domain_ms), origin.speed)

    def now(self) -> datetime:
        return self.origin_domain + (_machine_now() - self.origin_wall) * self.speed

    def wall(self) -> datetime:
        return _machine_now()

    def monotonic_seconds(self) -> float:
        return time.monotonic()


class AnnouncedClock:
    """A scaled clock whose origin is set only when the whole system is ready.

    Until then domain time stands still at the wall instant of construction; time-driven work awaits `started`.
    """

    def __init__(self, path: Path, speed: float) -> None:
        self._path = path
        self._held_at = _machine_now()
        self._running: ScaledClock | None = None
        self._speed = speed
        self.started = asyncio.Event()

    @property
    def speed(self) -> float:
        return self._running.speed if self._running else self._speed

    def now(self) -> datetime:
        return self._running.now() if self._running else self._held_at

    def wall(self) -> datetime:
        return _machine_now()

    def monotonic_seconds(self) -> float:
        return time.monotonic()

    async def watch(self) -> None:
        """Returns once the clock file names the origin; the file is written by rename, so it is read whole."""
        while (origin := read_origin(self._path)) is None:  # noqa: ASYNC110 another process writes the file
            await asyncio.sleep(ANNOUNCEMENT_POLL_SECONDS)
        self._running = ScaledClock.of(origin)
        self.started.set()


def read_origin(path: Path) -> ClockOrigin | None:
    """The announced origin, or None while there is none yet."""
    try:
        return ClockOrigin.model_validate_json(path.read_bytes())
    except (FileNotFoundError, ValidationError):
        return None


def announce_origin(path: Path, origin: ClockOrigin) -> None:
    """Writes the clock file by rename, so that no reader sees half of it."""
    draft = path.with_suffix(".new")
    draft.write_text(origin.model_dump_json())
    draft.replace(path)


async def sleep_domain(clock: PacedClock, seconds: float) -> None:
    """Waits `seconds` of domain time."""
    await asyncio.sleep(seconds / clock.speed)


def _from_ms(milliseconds: int) -> datetime:
    return datetime.fromtimestamp(0, UTC) + timedelta(milliseconds=milliseconds)
