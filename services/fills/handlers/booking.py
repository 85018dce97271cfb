"""Three sources, one path, one booking each."""

from __future__ import annotations

from collections.abc import Callable

from services.fills.domain.fill import HeardFill
from services.fills.domain.matching import Matched, Unmatched, match
from services.fills.ports import Ledger
from shared.domain.ids import OrderId
from shared.domain.money import Cash, taker_fee

Told = Callable[[HeardFill, str], None]
"""Told what became of each fill, for metrics and logs."""

KNOWN_OUTCOMES = frozenset({"booked", "seen", "confirmed", "reversed", "failed"})


class FillBooker:
    def __init__(self, ledger: Ledger, told: Told) -> None:
        self._ledger = ledger
        self._told = told

    async def hear(self, fill: HeardFill) -> None:
        """Books it, or keeps it for inspection and closes its market. Heard again it changes nothing."""
        known = None if fill.venue_order_id is None else await self._ledger.order_of(fill.venue_order_id)
        candidates = () if fill.venue_order_id is not None else await self._ledger.unresolved_orders(fill.token)
        match match(fill, known, candidates):
            case Matched(order_id):
                outcome = await self._ledger.book(order_id, fill, await self._fee(order_id, fill))
                if outcome in KNOWN_OUTCOMES:
                    await self._ledger.resolve_parked(fill)
                self._told(fill, outcome)
            case Unmatched(reason):
                await self._ledger.park(fill, reason)
                self._told(fill, reason)

    async def _fee(self, order: OrderId, fill: HeardFill) -> Cash:
        if fill.fee is not None:
            return fill.fee
        return taker_fee(fill.shares, fill.price, await self._ledger.taker_fee_rate(order))
