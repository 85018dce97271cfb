"""The second line of the kill switch: when the venue still shows orders after a kill, risk cancels them itself."""

from __future__ import annotations

from datetime import datetime

FIRST_LOOK_SECONDS = 1.0
"""Wall; the executor's own cancel is on its way sooner (design section 7)."""
PAUSE_MAX_SECONDS = 10.0


class SecondLine:
    """One kill is watched until the venue was seen empty. A kill is known by the instant it was set."""

    def __init__(self) -> None:
        self._kill: datetime | None = None
        self._next_seconds = 0.0
        self._pause_seconds = FIRST_LOOK_SECONDS
        self._is_empty = False

    def should_look(self, killed_at: datetime | None, now_seconds: float) -> bool:
        """`now_seconds` is monotonic; each look that is not followed by `seen_empty` doubles the pause."""
        if killed_at is None:
            self._kill = None
            return False
        if killed_at != self._kill:
            self._kill, self._is_empty = killed_at, False
            self._pause_seconds = FIRST_LOOK_SECONDS
            self._next_seconds = now_seconds + FIRST_LOOK_SECONDS
        if self._is_empty or now_seconds < self._next_seconds:
            return False
        self._next_seconds = now_seconds + self._pause_seconds
        self._pause_seconds = min(self._pause_seconds * 2, PAUSE_MAX_SECONDS)
        return True

    def seen_empty(self) -> None:
        self._is_empty = True
