"""Which statuses orders have been in, told from facts that may come twice or out of order."""

from __future__ import annotations

from shared.domain.ids import OrderId
from shared.domain.order import OrderStatus

REMEMBERED_MAX = 4096


class Entered:
    """Remembers so many orders; those heard of first are forgotten first."""

    def __init__(self) -> None:
        self._statuses: dict[OrderId, set[OrderStatus]] = {}

    def is_new(self, order: OrderId, status: OrderStatus) -> bool:
        """Whether the order was never in this status before."""
        if (known := self._statuses.get(order)) is None:
            known = self._statuses[order] = set()
            if len(self._statuses) > REMEMBERED_MAX:
                del self._statuses[next(iter(self._statuses))]
        is_new = status not in known
        known.add(status)
        return is_new
