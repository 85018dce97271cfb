"""How long the freshest book has been silent, and what that forbids (strategy section 10)."""

from __future__ import annotations

from lab.replay.instants import FOREVER_MS
from services.risk.domain.staleness import Limits, Measure

MS = 1000


class Feed:
    """Instants are ms of domain time. Silence counts from the last book with a bid or an ask of a market in its slot,
    at the earliest from when the first such market's slot began."""

    def __init__(self, limits: Limits) -> None:
        self.measure = Measure.NONE
        self._limits = limits
        self._due_after_ms = sorted(int(s * MS) + 1 for s in (limits.no_entries_seconds, limits.cancel_seconds))
        self._last_ms: int | None = None
        self._is_watched = False

    def sign_of_life(self, ms: int) -> None:
        self._last_ms = ms

    def look(self, ms: int, *, is_watched: bool) -> bool:
        """Whether the measure changed. `is_watched`: some market is in its slot."""
        if is_watched and not self._is_watched:
            self._last_ms = max(ms, self._last_ms or ms)
        self._is_watched = is_watched
        before, self.measure = self.measure, self._limits.measure(self._age_seconds(ms))
        return before is not self.measure

    def due_ms(self, after_ms: int) -> int:
        """When the next measure would follow, were there no further book."""
        if not self._is_watched or self._last_ms is None:
            return FOREVER_MS
        dues = (self._last_ms + silence_ms for silence_ms in self._due_after_ms)
        return min((due for due in dues if due > after_ms), default=FOREVER_MS)

    def _age_seconds(self, ms: int) -> float | None:
        return None if not self._is_watched or self._last_ms is None else (ms - self._last_ms) / MS
