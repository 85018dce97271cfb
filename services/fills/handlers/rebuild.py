"""What the venue knows and our tables lack: its order is adopted, then its fills are booked as any."""

from __future__ import annotations

from collections.abc import Sequence

import structlog

from services.fills.domain.adoption import NOT_YET, UNKNOWN_MARKET, order_behind
from services.fills.domain.sightings import FillSeen, OrderSeen
from services.fills.ports import Kick, Ledger, Meter, VenueRecord
from shared.domain.ids import MarketId, VenueOrderId
from shared.domain.order import OrderStatus

LEAVE_ORPHANS = "adopt"
log = structlog.get_logger()


class Rebuild:
    """`orphans` is the setting: whether a found order is cancelled or left to rest."""

    def __init__(self, ledger: Ledger, record: VenueRecord, meter: Meter, kick: Kick, orphans: str) -> None:
        self._ledger = ledger
        self._record = record
        self._meter = meter
        self._kick = kick
        self._strangers: set[MarketId] = set()
        self._told: set[MarketId] = set()
        self._status = OrderStatus.LIVE if orphans == LEAVE_ORPHANS else OrderStatus.CANCELLING

    async def of_fills(self, fills: Sequence[FillSeen]) -> frozenset[VenueOrderId]:
        """The orders behind them that are in the table now. Raises LedgerUnavailableError, VenueSilentError."""
        known, lost = await self._sorted(fills)
        return known.union([order for order in lost if await self._adopt(order, _of_order(order, fills))])

    async def of_orders(self, orders: Sequence[OrderSeen]) -> None:
        """Raises LedgerUnavailableError, VenueSilentError."""
        _, lost = await self._sorted(orders)
        for order in lost:
            await self._adopt(order, [])

    async def tell_of_strangers(self) -> None:
        """Markets that our tables do not have cannot be rebuilt: a human has to look. Raises LedgerUnavailableError."""
        if self._strangers - self._told:
            names = ", ".join(sorted(self._strangers - self._told))[:1000]
            await self._ledger.alert(f"the venue has orders or trades of ours in markets that we do not know: {names}")
            self._told |= self._strangers

    async def _sorted(
        self, seen: Sequence[FillSeen] | Sequence[OrderSeen]
    ) -> tuple[frozenset[VenueOrderId], list[VenueOrderId]]:
        """Orders that the table has, and orders that it lacks in markets that it has."""
        named = {each.venue_order_id: each.market for each in seen if each.venue_order_id is not None}
        found = await self._ledger.known_orders(list(named)) if named else []
        known = frozenset(order.venue_order_id for order in found if order.venue_order_id is not None)
        lost = {order: market for order, market in named.items() if order not in known}
        listed = await self._ledger.listed(list(dict.fromkeys(lost.values()))) if lost else frozenset[MarketId]()
        self._strangers.update(market for market in lost.values() if market not in listed)
        return known, [order for order, market in lost.items() if market in listed]

    async def _adopt(self, order: VenueOrderId, fills: Sequence[FillSeen]) -> bool:
        lost = await self._record.order(order) or order_behind(fills)
        if lost is None:
            return False
        name = await self._ledger.adopt(lost, self._status)
        if name in {UNKNOWN_MARKET, NOT_YET}:
            log.warning("order_not_adopted", venue_order_id=order, market=lost.market, reason=name)
            return False
        self._meter.adopted()
        self._kick()
        log.error("order_adopted", order_id=name, market=lost.market, side=lost.side, shares=str(lost.shares))
        return True


def _of_order(order: VenueOrderId, fills: Sequence[FillSeen]) -> list[FillSeen]:
    return [seen for seen in fills if seen.venue_order_id == order]
