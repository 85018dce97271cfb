"""Which order of ours a fill belongs to (strategy section 8)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from services.fills.domain.fill import HeardFill
from shared.domain.ids import OrderId
from shared.domain.order import RESTING, Order, OrderStatus


@dataclass(frozen=True, slots=True)
class Matched:
    order_id: OrderId


@dataclass(frozen=True, slots=True)
class Unmatched:
    reason: str


def is_being_placed(order: Order) -> bool:
    return order.status in {OrderStatus.SUBMITTING, OrderStatus.UNCERTAIN}


def is_being_cancelled(order: Order) -> bool:
    return order.status is OrderStatus.CANCELLING


def is_working(order: Order) -> bool:
    return order.status in RESTING


STEPS: tuple[Callable[[Order], bool], ...] = (is_being_placed, is_being_cancelled, is_working)


def match(fill: HeardFill, known: Order | None, candidates: Sequence[Order]) -> Matched | Unmatched:
    """A message with an order id belongs to that order, among all we ever knew, and to no other: an unknown id is
    never matched by guess. One without an id goes to the only candidate of its token at the first step that has any.

    `known` is the order with the message's id; `candidates` are the unresolved orders of the message's token.
    """
    if fill.venue_order_id is not None:
        return Unmatched("unknown_order") if known is None else Matched(known.order_id)
    for step in STEPS:
        found = [order for order in candidates if order.token == fill.token and step(order)]
        if len(found) == 1:
            return Matched(found[0].order_id)
        if found:
            return Unmatched("several_candidates")
    return Unmatched("no_candidate")
