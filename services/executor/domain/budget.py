"""How many orders and cancels the venue lets us send, counted by ourselves: its refusal is avoided, not only obeyed.

Token buckets as the venue keeps two for each signer (protocol sheet, 2.8: 40 orders a second, bursts of 60; 80 cancels,
bursts of 120). In this process alone: one executor at a time holds the key, by its lease.
"""

from __future__ import annotations

from dataclasses import dataclass

ORDERS_A_SECOND = 40.0
ORDERS_AT_ONCE = 60.0
KEPT_FOR_EXITS = 15.0
CANCELS_A_SECOND = 80.0
CANCELS_AT_ONCE = 120
KEPT_FOR_LEAVING = 60.0
"""A kill of fifty orders, as it is measured, and a market that is left beside it."""


@dataclass(slots=True)
class Budget:
    """Everyday use leaves `kept` in the bucket, what is urgent may empty it. Instants are monotonic seconds."""

    a_second: float
    at_once: float
    kept: float
    left: float
    counted_at_seconds: float | None = None

    @classmethod
    def of_orders(cls) -> Budget:
        """Entries leave a part to exits."""
        return cls(ORDERS_A_SECOND, ORDERS_AT_ONCE, KEPT_FOR_EXITS, ORDERS_AT_ONCE)

    @classmethod
    def of_cancels(cls) -> Budget:
        """What only moves a bid leaves a part to what must go."""
        return cls(CANCELS_A_SECOND, CANCELS_AT_ONCE, KEPT_FOR_LEAVING, CANCELS_AT_ONCE)

    def take(self, now_seconds: float, *, is_urgent: bool) -> bool:
        """Whether one more may be sent now; if so it is counted."""
        return self.take_some(1, now_seconds, is_urgent=is_urgent) == 1

    def take_some(self, wanted: int, now_seconds: float, *, is_urgent: bool) -> int:
        """How many of so many may be sent now; they are counted."""
        self._refill(now_seconds)
        taken = min(wanted, max(0, int(self.left - (0 if is_urgent else self.kept))))
        self.left -= taken
        return taken

    def spend(self, now_seconds: float, count: int = 1) -> None:
        """Sent in any case, and counted: the same bytes once more, or what may not wait."""
        self._refill(now_seconds)
        self.left -= count

    def _refill(self, now_seconds: float) -> None:
        if self.counted_at_seconds is not None:
            passed_seconds = max(0.0, now_seconds - self.counted_at_seconds)
            self.left = min(self.at_once, self.left + passed_seconds * self.a_second)
        self.counted_at_seconds = now_seconds
