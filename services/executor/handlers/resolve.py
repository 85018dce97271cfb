"""Asks the venue what became of orders, and writes down what it says."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import assert_never

import structlog

from services.executor.domain.open_order import OpenOrder
from services.executor.domain.resolution import VISIBILITY_SECONDS, Apply, Cancel, Patience, Wait, resolve
from services.executor.domain.words import OrderWord, Over, Unknown
from services.executor.ports import Kick, OrderTable, Venue
from shared.domain.clock import Clock
from shared.domain.ids import OrderId, VenueOrderId
from shared.domain.order import OrderStatus

log = structlog.get_logger()
VISIBILITY = timedelta(seconds=VISIBILITY_SECONDS)
REMEMBERED = timedelta(minutes=10)
NOBODY: frozenset[VenueOrderId] = frozenset()


class Resolver:
    def __init__(self, table: OrderTable, venue: Venue, clock: Clock, patience: Patience, kick: Kick) -> None:
        self._table = table
        self._venue = venue
        self._clock = clock
        self._patience = patience
        self._kick = kick
        self._cancelled_at: dict[VenueOrderId, datetime] = {}

    async def ask(
        self, orders: Sequence[OpenOrder], cancelled: frozenset[VenueOrderId] = NOBODY
    ) -> Mapping[OrderId, OrderStatus | Cancel | Wait]:
        """Moves each order by what the venue says of it. A `Cancel` in the answer is for the caller to send.

        `cancelled` are those of which the venue just said so: once its trades show all that came before, they need no
        further proof. Raises TableUnavailableError.
        """
        if not orders:
            return {}
        self._remember(cancelled)
        words = await self._venue.look_up(orders)
        outcomes = {
            order.order_id: await self._take(order, self._believed(order, words[order.order_id])) for order in orders
        }
        self._kick()
        return outcomes

    def _remember(self, cancelled: frozenset[VenueOrderId]) -> None:
        now = self._clock.wall()
        for order in sorted(cancelled):
            self._cancelled_at.setdefault(order, now)
        self._cancelled_at = {order: at for order, at in self._cancelled_at.items() if now - at < REMEMBERED}

    def _believed(self, order: OpenOrder, word: OrderWord) -> OrderWord:
        """One that the venue called cancelled and shows no more may have been filled before: its trades come late."""
        told_at = self._cancelled_at.get(order.venue_order_id)
        if isinstance(word, Unknown) and told_at is not None and self._clock.wall() - told_at >= VISIBILITY:
            return Over("cancelled", word.traded, "CANCELLED")
        return word

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


def cancelling(order: OpenOrder, asked_at: datetime) -> OpenOrder:
    """The order as it is once its cancel was recorded."""
    return replace(order, status=OrderStatus.CANCELLING, cancel_asked_at=order.cancel_asked_at or asked_at)
