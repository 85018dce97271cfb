"""The second tier: the venue's own record of trades and orders, read again and again."""

from __future__ import annotations

import structlog

from services.fills.handlers.book import BookFills
from services.fills.handlers.orders import FollowOrders
from services.fills.ports import Ledger, Meter, VenueRecord, VenueSilentError
from shared.domain.clock import Clock

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
    ) -> None:
        self._ledger = ledger
        self._record = record
        self._fills = fills
        self._orders = orders
        self._clock = clock
        self._meter = meter

    async def run(self, reason: str) -> bool:
        """Whether it was complete: only then the watermark moves, to the instant at which it began.

        Raises LedgerUnavailableError.
        """
        began_at, began_seconds = self._clock.now(), self._clock.monotonic_seconds()
        try:
            await self._read_everything()
        except VenueSilentError as error:
            log.warning("sweep_incomplete", reason=reason, error=str(error))
            self._meter.swept(is_complete=False, seconds=self._clock.monotonic_seconds() - began_seconds)
            return False
        await self._ledger.mark_swept(began_at)
        self._meter.swept(is_complete=True, seconds=self._clock.monotonic_seconds() - began_seconds)
        log.debug("sweep_done", reason=reason, began_at=began_at)
        return True

    async def _read_everything(self) -> None:
        for market in await self._ledger.markets_to_sweep():
            fills = await self._record.fills(market)
            heard_at_seconds = self._clock.monotonic_seconds()
            for seen in fills:
                await self._fills.fill(seen, heard_at_seconds)
        for order in await self._record.open_orders():
            await self._orders.order(order)
