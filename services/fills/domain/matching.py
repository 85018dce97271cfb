"""To which of our orders a message belongs (strategy section 8): the first step that has any candidate decides."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from shared.domain.ids import OrderId, TokenId, VenueOrderId
from shared.domain.order import RESTING, OrderStatus

UNKNOWN_ORDER = "unknown_order"
AMBIGUOUS = "ambiguous"
NO_CANDIDATE = "no_candidate"
WITHOUT_ID: tuple[frozenset[OrderStatus], ...] = (
    frozenset({OrderStatus.SUBMITTING, OrderStatus.UNCERTAIN}),
    frozenset({OrderStatus.CANCELLING}),
    RESTING,
)
"""An order being placed before one being cancelled before one that works."""


@dataclass(frozen=True, slots=True)
class KnownOrder:
    """An order we ever had, final ones too."""

    order_id: OrderId
    venue_order_id: VenueOrderId | None
    token: TokenId
    status: OrderStatus


@dataclass(frozen=True, slots=True)
class Sighting:
    """What a message says of the order it is about; some name no order."""

    token: TokenId
    venue_order_id: VenueOrderId | None


@dataclass(frozen=True, slots=True)
class Matched:
    order_id: OrderId


@dataclass(frozen=True, slots=True)
class Unmatched:
    """Kept for inspection; `reason` is unknown_order, ambiguous or no_candidate."""

    reason: str


def match(sighting: Sighting, orders: Iterable[KnownOrder]) -> Matched | Unmatched:
    """An id belongs to the order with that id and to no other: an unknown one is never guessed."""
    known = list(orders)
    if sighting.venue_order_id is not None:
        named = [order for order in known if order.venue_order_id == sighting.venue_order_id]
        return Matched(named[0].order_id) if named else Unmatched(UNKNOWN_ORDER)
    of_token = [order for order in known if order.token == sighting.token]
    for statuses in WITHOUT_ID:
        candidates = [order for order in of_token if order.status in statuses]
        if candidates:
            return _only(candidates)
    return Unmatched(NO_CANDIDATE)


def _only(candidates: Sequence[KnownOrder]) -> Matched | Unmatched:
    return Matched(candidates[0].order_id) if len(candidates) == 1 else Unmatched(AMBIGUOUS)
