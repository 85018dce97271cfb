"""How many orders the venue lets us send, counted by ourselves: its refusal is avoided, not only obeyed.

A token bucket as the venue keeps one for each signer (protocol sheet, 2.8: 40 orders a second, bursts of 60). In this
process alone: one executor at a time holds the key, by its lease.
"""

from __future__ import annotations

from dataclasses import dataclass

ORDERS_A_SECOND = 40.0
ORDERS_AT_ONCE = 60.0
KEPT_FOR_EXITS = 15.0


@dataclass(slots=True)
class Budget:
    """Entries leave `KEPT_FOR_EXITS` in the bucket; exits may empty it. Instants are monotonic seconds."""

    left: float = ORDERS_AT_ONCE
    counted_at_seconds: float | None = None

    def take(self, now_seconds: float, *, is_exit: bool) -> bool:
        """Whether one more order may be sent now; if so it is counted."""
        self._refill(now_seconds)
        if self.left - 1 < (0 if is_exit else KEPT_FOR_EXITS):
            return False
        self.left -= 1
        return True

    def spend(self, now_seconds: float) -> None:
        """The same bytes once more: sent in any case, and counted."""
        self._refill(now_seconds)
        self.left -= 1

    def _refill(self, now_seconds: float) -> None:
        if self.counted_at_seconds is not None:
            passed_seconds = max(0.0, now_seconds - self.counted_at_seconds)
            self.left = min(ORDERS_AT_ONCE, self.left + passed_seconds * ORDERS_A_SECOND)
        self.counted_at_seconds = now_seconds
