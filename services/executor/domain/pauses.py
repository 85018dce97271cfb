"""How long to wait before the venue is asked about the same order again."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from shared.domain.ids import OrderId

FIRST_SECONDS = 0.5
LONGEST_SECONDS = 8.0


@dataclass(slots=True)
class Pauses:
    """Doubling per order; monotonic wall seconds."""

    _due: dict[OrderId, float] = field(default_factory=dict[OrderId, float])
    _pause: dict[OrderId, float] = field(default_factory=dict[OrderId, float])

    def is_due(self, order: OrderId, now_seconds: float) -> bool:
        return now_seconds >= self._due.get(order, now_seconds)

    def asked(self, order: OrderId, now_seconds: float) -> None:
        pause = self._pause.get(order, FIRST_SECONDS)
        self._due[order] = now_seconds + pause
        self._pause[order] = min(pause * 2, LONGEST_SECONDS)

    def keep_only(self, orders: Iterable[OrderId]) -> None:
        """Forgets orders that are final."""
        kept = set(orders)
        self._due = {order: due for order, due in self._due.items() if order in kept}
        self._pause = {order: pause for order, pause in self._pause.items() if order in kept}
