"""The second tier: the venue's own record of trades and orders, read again and again."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

import structlog

from services.fills.domain.sightings import FillSeen
from services.fills.handlers.book import BookFills
from services.fills.handlers.orders import FollowOrders
from services.fills.handlers.rebuild import Rebuild
from services.fills.ports import Ledger, Meter, VenueRecord, VenueSilentError
from shared.domain.clock import Clock
from shared.domain.ids import MarketId
from shared.domain.order import Side

LISTED_AHEAD = timedelta(days=1)
"""No order is older than its market, which the venue opens a day before its slot: as far as one looks back where no
sweep was ever complete."""
OVERLAP = timedelta(minutes=10)
"""Domain time: the venue's clock is not ours, and its trades show a little later than they happened."""
log = structlog.get_logger()


class Sweep:
    def __init__(
        self,
        ledger: Ledger,
        record: VenueRecord,
        fills: BookFills,
        orders: FollowOrders,
        clock: Clock,
        meter: Meter,
        rebuild: Rebuild,
    ) -> None:
        self._ledger = ledger
        self._record = record
        self._fills = fills
        self._orders = orders
        self._clock = clock
        self._meter = meter
        self._rebuild = rebuild

    async def run(self, reason: str) -> bool:
        """Whether it was complete: only then the watermark moves, to the instant at which it began.

        Raises LedgerUnavailableError.
        """
        began_at, began_seconds = self._clock.now(), self._clock.monotonic_seconds()
        try:
            await self._read_everything(began_at)
        except VenueSilentError as error:
            log.warning("sweep_incomplete", reason=reason, error=str(error))
            self._meter.swept(is_complete=False, seconds=self._clock.monotonic_seconds() - began_seconds)
            return False
        await self._ledger.mark_swept(began_at)
        self._meter.swept(is_complete=True, seconds=self._clock.monotonic_seconds() - began_seconds)
        log.debug("sweep_done", reason=reason, began_at=began_at)
        return True

    async def _read_everything(self, began_at: datetime) -> None:
        """Books what can be read also where a part cannot be."""
        swept, unread = await self._ledger.markets_to_sweep(), ""
        for market in swept:
            traded = await self._record.fills(market)
            await self._rebuild.of_fills(traded.fills)
            await self._book(traded.fills)
            unread = unread or traded.unread
        unread = await self._look_elsewhere(frozenset(swept), began_at) or unread
        orders = await self._record.open_orders()
        await self._rebuild.of_orders(orders)
        await self._rebuild.tell_of_strangers()
        for order in orders:
            await self._orders.order(order)
        if unread:
            raise VenueSilentError(unread)

    async def _look_elsewhere(self, swept: frozenset[MarketId], began_at: datetime) -> str:
        """Markets in which our tables know of nothing: what is of ours there was lost with a crash or a backup. Says
        what could not be read, as `Traded` does."""
        since = (await self._ledger.swept_until() or began_at - LISTED_AHEAD) - OVERLAP
        traded = await self._record.fills_since(since)
        fills = [seen for seen in traded.fills if seen.market not in swept]
        known = await self._rebuild.of_fills(fills)
        await self._book([seen for seen in fills if seen.venue_order_id in known])
        return traded.unread

    async def _book(self, fills: Sequence[FillSeen]) -> None:
        """What was bought before what was sold of it: the venue tells the newest first."""
        heard_at_seconds = self._clock.monotonic_seconds()
        for seen in sorted(fills, key=lambda seen: (seen.occurred_at, seen.side is Side.SELL)):
            await self._fills.fill(seen, heard_at_seconds)
