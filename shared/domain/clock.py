"""Time as the rest of the code sees it."""

from datetime import datetime
from typing import Protocol


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
