"""Asks the venue what became of orders, and writes down what it says."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import assert_never

import structlog

from services.executor.domain.open_order import OpenOrder
from services.executor.domain.resolution import Apply, Cancel, Patience, Wait, resolve
from services.executor.domain.words import OrderWord, Over, Unknown
from services.executor.ports import Kick, OrderTable, Venue
from shared.domain.clock import Clock
from shared.domain.ids import OrderId, VenueOrderId
from shared.domain.order import OrderStatus

log = structlog.get_logger()
NOBODY: frozenset[VenueOrderId] = frozenset()


class Resolver:
    def __init__(self, table: OrderTable, venue: Venue, clock: Clock, patience: Patience, kick: Kick) -> None:
        self._table = table
        self._venue = venue
        self._clock = clock
        self._patience = patience
        self._kick = kick

    async def ask(
        self, orders: Sequence[OpenOrder], cancelled: frozenset[VenueOrderId] = NOBODY
    ) -> Mapping[OrderId, OrderStatus | Cancel | Wait]:
        """Moves each order by what the venue says of it. A `Cancel` in the answer is for the caller to send.

        `cancelled` are those of which the venue just said so: they need no further proof than its trades.
        Raises TableUnavailableError.
        """
        if not orders:
            return {}
        words = await self._venue.look_up(orders)
        outcomes = {
            order.order_id: await self._take(order, _believed(order, words[order.order_id], cancelled))
            for order in orders
        }
        self._kick()
        return outcomes

    async def _take(self, order: OpenOrder, word: OrderWord) -> OrderStatus | Cancel | Wait:
        step = resolve(order, word, self._clock.wall(), self._clock.now(), self._patience)
        match step:
            case Cancel() | Wait():
                return step
            case Apply(event, matched, reason):
                status = await self._table.apply(order.order_id, event, matched, reason)
                log.info("order_resolved", order_id=order.order_id, event_applied=event, status=status, reason=reason)
                return status
            case _:
                assert_never(step)


def _believed(order: OpenOrder, word: OrderWord, cancelled: frozenset[VenueOrderId]) -> OrderWord:
    if isinstance(word, Unknown) and order.venue_order_id in cancelled:
        return Over("cancelled", word.traded, "CANCELLED")
    return word


def cancelling(order: OpenOrder, asked_at: datetime) -> OpenOrder:
    """The order as it is once its cancel was recorded."""
    return replace(order, status=OrderStatus.CANCELLING, cancel_asked_at=order.cancel_asked_at or asked_at)
