"""Orders open at the venue under our key that the table does not hold as open."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from services.executor.domain.words import ForeignOrder
from shared.domain.ids import OrderId, VenueOrderId
from shared.domain.order import FINAL, OrderStatus

CANCEL_ORPHANS = "cancel"
KnownStatus = tuple[OrderId, OrderStatus]


@dataclass(frozen=True, slots=True)
class Orphans:
    """`foreign`: never ours. `returned`: ours, thought refused or absent, and yet there. `lingering`: ours and final by
    the venue's own word, and yet there."""

    foreign: tuple[ForeignOrder, ...]
    returned: tuple[OrderId, ...]
    lingering: tuple[VenueOrderId, ...]


def sort_orphans(candidates: Sequence[ForeignOrder], known: Mapping[VenueOrderId, KnownStatus]) -> Orphans:
    ours = {order.venue_order_id: known[order.venue_order_id] for order in candidates if order.venue_order_id in known}
    return Orphans(
        foreign=tuple(order for order in candidates if order.venue_order_id not in known),
        returned=tuple(order_id for order_id, status in ours.values() if status is OrderStatus.REJECTED),
        lingering=tuple(
            venue_order_id for venue_order_id, (_, status) in ours.items() if status in FINAL - {OrderStatus.REJECTED}
        ),
    )
