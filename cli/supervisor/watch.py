"""Starts again what ends by itself, more and more patiently."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field

from cli.errors import CommandError
from cli.servers import ServerError
from cli.supervisor.units import Unit
from shared.domain.clock import Clock

FIRST_PAUSE_SECONDS = 0.5
LONGEST_PAUSE_SECONDS = 30.0
HEALTHY_SECONDS = 60.0


@dataclass(slots=True)
class Backoff:
    """Pauses between starts: doubled each time, short again after a while of health."""

    started_at_seconds: float
    pause_seconds: float = FIRST_PAUSE_SECONDS

    def next_pause(self, now_seconds: float) -> float:
        """Seconds to wait before the next start."""
        if now_seconds - self.started_at_seconds >= HEALTHY_SECONDS:
            self.pause_seconds = FIRST_PAUSE_SECONDS
        pause = self.pause_seconds
        self.pause_seconds = min(pause * 2, LONGEST_PAUSE_SECONDS)
        self.started_at_seconds = now_seconds + pause
        return pause


@dataclass(slots=True)
class Watch:
    """Counts restarts by name; `restarted` is called after each, `say` is told about each end."""

    clock: Clock
    say: Callable[[str], None]
    restarted: Callable[[], None]
    restarts: dict[str, int] = field(default_factory=dict[str, int])

    @property
    def total_restarts(self) -> int:
        return sum(self.restarts.values())

    async def keep_running(self, unit: Unit) -> None:
        """Runs until cancelled; call it when the unit has started."""
        backoff = Backoff(self.clock.monotonic_seconds())
        while unit.child is not None:
            code = await unit.child.wait()
            pause_seconds = backoff.next_pause(self.clock.monotonic_seconds())
            self.restarts[unit.name] = self.restarts.get(unit.name, 0) + 1
            self.say(f"{unit.name} ended by itself (status {code}); starting it again in {pause_seconds:g} s")
            await asyncio.sleep(pause_seconds)
            await self._start(unit)

    async def _start(self, unit: Unit) -> None:
        try:
            await unit.start()
        except (CommandError, ServerError, OSError) as fault:
            self.say(str(fault))
        else:
            self.restarted()
