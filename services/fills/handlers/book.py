"""Every fill, whoever saw it, ends here: matched to its order and booked, or kept for inspection."""

from __future__ import annotations

from collections.abc import Callable

import structlog

from services.fills.domain.matching import KnownOrder, Matched, Sighting, Unmatched, match
from services.fills.domain.sightings import FAILED, Booking, FillSeen
from services.fills.ports import Kick, Ledger, Meter
from shared.domain.clock import Clock
from shared.domain.ids import OrderId
from shared.domain.money import NO_CASH, Cash, taker_fee

PARKED = frozenset({"oversize", "oversold"})
QUIET = frozenset({"seen"})
Note = Callable[[FillSeen], None]
"""Told of every fill before it is booked."""
log = structlog.get_logger()


def _unnoted(seen: FillSeen) -> None:
    pass


class BookFills:
    def __init__(self, ledger: Ledger, clock: Clock, meter: Meter, kick: Kick, note: Note = _unnoted) -> None:
        self._ledger = ledger
        self._clock = clock
        self._meter = meter
        self._kick = kick
        self._note = note

    async def fill(self, seen: FillSeen, heard_at_seconds: float | None = None) -> str:
        """What became of it: a result of `Ledger.book`, or why it is unmatched. `heard_at_seconds` is
        monotonic, None for just now.

        Raises LedgerUnavailableError.
        """
        began_at_seconds = self._clock.monotonic_seconds() if heard_at_seconds is None else heard_at_seconds
        matched = await self._match(seen)
        if isinstance(matched, Unmatched):
            return await self._keep(seen, matched.reason)
        return await self.book(matched.order_id, seen, began_at_seconds)

    async def book(self, order_id: OrderId, seen: FillSeen, heard_at_seconds: float) -> str:
        """Raises LedgerUnavailableError."""
        self._note(seen)
        result = await self._ledger.book(Booking(order_id, seen, await self._fee(seen)))
        self._meter.booked(result, seen.source, self._clock.monotonic_seconds() - heard_at_seconds)
        if result in PARKED:
            self._meter.parked(result)
            log.error("fill_parked", order_id=order_id, trade=seen.trade, reason=result)
        elif result not in QUIET:
            self._kick()
            log.info("fill_" + result, order_id=order_id, trade=seen.trade, shares=str(seen.shares), source=seen.source)
        return result

    async def _match(self, seen: FillSeen) -> Matched | Unmatched:
        return match(Sighting(seen.token, seen.venue_order_id), await self._candidates(seen))

    async def _candidates(self, seen: FillSeen) -> list[KnownOrder]:
        if seen.venue_order_id is not None:
            return await self._ledger.known_orders([seen.venue_order_id])
        return await self._ledger.working_orders(seen.market)

    async def _keep(self, seen: FillSeen, reason: str) -> str:
        """A failed trade moved nothing: it is no riddle, and solves one."""
        if seen.status == FAILED:
            await self._ledger.resolve_parked(seen)
            return reason
        await self._ledger.park(seen, reason)
        self._kick()
        self._meter.parked(reason)
        log.error("fill_unmatched", trade=seen.trade, venue_order_id=seen.venue_order_id, reason=reason)
        return reason

    async def _fee(self, seen: FillSeen) -> Cash:
        """Makers pay none; a taker's is computed by the market's own rate."""
        if seen.fee is not None:
            return seen.fee
        market = await self._ledger.market(seen.market)
        return NO_CASH if market is None else taker_fee(seen.shares, seen.price, market.taker_fee_rate)
