"""What the venue knows and our tables lack: its order is adopted, then its fills are booked as any."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

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
        self._status = OrderStatus.LIVE if orphans == LEAVE_ORPHANS else OrderStatus.CANCELLING

    async def of_fills(self, fills: Sequence[FillSeen]) -> frozenset[VenueOrderId]:
        """The orders behind them that are in the table now. Raises LedgerUnavailableError, VenueSilentError."""
        named = list(dict.fromkeys(seen.venue_order_id for seen in fills if seen.venue_order_id is not None))
        known = await self._known(named)
        adopted = [order for order in named if order not in known and await self._adopt(order, _of_order(order, fills))]
        return known.union(adopted)

    async def of_orders(self, orders: Iterable[OrderSeen]) -> None:
        """Raises LedgerUnavailableError, VenueSilentError."""
        named = [seen.venue_order_id for seen in orders]
        known = await self._known(named)
        for order in named:
            if order not in known:
                await self._adopt(order, [])

    async def tell_of_strangers(self) -> None:
        """Markets that our tables do not have cannot be rebuilt: a human has to look. Raises LedgerUnavailableError."""
        if self._strangers:
            names = ", ".join(sorted(self._strangers))[:1000]
            await self._ledger.alert(f"the venue has orders or trades of ours in markets that we do not know: {names}")
            self._strangers.clear()

    async def _known(self, named: Sequence[VenueOrderId]) -> frozenset[VenueOrderId]:
        found = await self._ledger.known_orders(named) if named else []
        return frozenset(order.venue_order_id for order in found if order.venue_order_id is not None)

    async def _adopt(self, order: VenueOrderId, fills: Sequence[FillSeen]) -> bool:
        lost = await self._record.order(order) or order_behind(fills)
        if lost is None:
            return False
        name = await self._ledger.adopt(lost, self._status)
        if name in {UNKNOWN_MARKET, NOT_YET}:
            log.warning("order_not_adopted", venue_order_id=order, market=lost.market, reason=name)
            self._strangers.update({lost.market} if name == UNKNOWN_MARKET else ())
            return False
        self._meter.adopted()
        self._kick()
        log.error("order_adopted", order_id=name, market=lost.market, side=lost.side, shares=str(lost.shares))
        return True


def _of_order(order: VenueOrderId, fills: Sequence[FillSeen]) -> list[FillSeen]:
    return [seen for seen in fills if seen.venue_order_id == order]
