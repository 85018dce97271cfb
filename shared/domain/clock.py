"""Time as the rest of the code sees it."""

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol


@dataclass(frozen=True, slots=True)
class ClockOrigin:
    """Where domain time was at one wall instant, and how many domain seconds pass in a wall second."""

    wall: datetime
    domain: datetime
    speed: float

    def domain_at(self, wall: datetime) -> datetime:
        return self.domain + (wall - self.wall) * self.speed


class Clock(Protocol):
    """Two kinds of time: the market's (domain, may run faster in a simulation) and the machine's (wall)."""

    def now(self) -> datetime:
        """Domain time, UTC and aware: slots, strategy seconds, `occurred_at`."""
        ...

    def wall(self) -> datetime:
        """Wall time, UTC and aware: HTTP, heartbeats, `valid_until`, `recorded_at`."""
        ...

    def monotonic_seconds(self) -> float:
        """Seconds of this process that never go back, for measuring spans of wall time."""
        ...
