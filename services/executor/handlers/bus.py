"""Whether the bus is there. Without it nobody hears a book, no entry is moved and no position left: entries close."""

from __future__ import annotations

import structlog

from services.executor.ports import Bus, Guard
from shared.domain.clock import Clock

CAUSE = "bus_away"
TOLERATED_SECONDS = 3.0
"""Wall; a server that is started again at once is back by then, and an intent is void after two."""
log = structlog.get_logger()


class WatchBus:
    """A level: `look` again and again."""

    def __init__(self, bus: Bus, guard: Guard, clock: Clock) -> None:
        self._bus = bus
        self._guard = guard
        self._clock = clock
        self._answered_at_seconds = clock.monotonic_seconds()
        self._is_closed: bool | None = None  # a cause of an earlier life may still stand

    async def look(self) -> None:
        """Raises TableUnavailableError."""
        if await self._bus.answers():
            self._answered_at_seconds = self._clock.monotonic_seconds()
            await self._open()
        elif self._clock.monotonic_seconds() - self._answered_at_seconds > TOLERATED_SECONDS:
            await self._close()

    async def _close(self) -> None:
        if self._is_closed is not True:
            log.error("bus_lost", remedy="start NATS again; entries open by themselves")
            await self._guard.set_cause(CAUSE, "reducing", "NATS does not answer the executor", cancels=True)
            self._is_closed = True

    async def _open(self) -> None:
        if self._is_closed is not False:
            await self._guard.clear_cause(CAUSE)
            self._is_closed = False
