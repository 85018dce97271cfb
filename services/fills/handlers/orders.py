"""Order events of the venue: they move an order's status and never book anything."""

from __future__ import annotations

from collections.abc import Callable

import structlog

from services.fills.domain.sightings import OrderSeen
from services.fills.ports import Kick, Ledger, Meter

Want = Callable[[str], None]
"""Asks for a sweep soon, and says why."""
log = structlog.get_logger()


class FollowOrders:
    def __init__(self, ledger: Ledger, meter: Meter, want_sweep: Want, kick: Kick) -> None:
        self._ledger = ledger
        self._meter = meter
        self._want_sweep = want_sweep
        self._kick = kick

    async def order(self, seen: OrderSeen) -> None:
        """A grown `matched` names no trade: it wants a sweep. Raises LedgerUnavailableError."""
        known = await self._ledger.known_orders([seen.venue_order_id])
        if not known:
            self._meter.foreign_order()
            log.warning("order_unknown", venue_order_id=seen.venue_order_id, market=seen.market)
            return
        event = seen.over or "accepted"
        await self._ledger.apply(known[0].order_id, event, seen.matched, seen.reason, seen.occurred_at)
        self._kick()
        if seen.matched:
            self._want_sweep("matched")
