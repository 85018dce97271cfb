"""Counts wrong tokens per address, so that guessing is seen and slowed."""

from __future__ import annotations

from collections import deque

FAILURES_MAX = 5
WINDOW_SECONDS = 60.0
ADDRESSES_MAX = 1000


class FailedLogins:
    """`now_seconds` is any clock that never goes back."""

    def __init__(self) -> None:
        self._failures: dict[str, deque[float]] = {}

    def record(self, address: str, now_seconds: float) -> bool:
        """Notes one more failure; true when the address has had too many within the window."""
        recent = self._failures.pop(address, None) or deque(maxlen=FAILURES_MAX + 1)
        while recent and now_seconds - recent[0] > WINDOW_SECONDS:
            recent.popleft()
        recent.append(now_seconds)
        self._failures[address] = recent
        while len(self._failures) > ADDRESSES_MAX:
            del self._failures[next(iter(self._failures))]
        return len(recent) > FAILURES_MAX

    def forget(self, address: str) -> None:
        self._failures.pop(address, None)
