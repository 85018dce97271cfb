"""The venue of paper trading: nothing is signed, nothing is sent; the order row is the venue."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime

from services.executor.domain.open_order import Instruction, OpenOrder, SignedEntry
from services.executor.domain.words import (
    Accepted,
    CancelWord,
    ForeignOrder,
    NotSent,
    OrderWord,
    Over,
    PlaceWord,
    Resting,
)
from services.executor.ports import LastLook
from shared.domain.ids import OrderId, VenueOrderId
from shared.domain.market import Market


class PaperSigner:
    def sign(self, wanted: Instruction, market: Market) -> SignedEntry:
        return SignedEntry(
            wanted.order_id, VenueOrderId(f"paper-{wanted.order_id}"), market.market, b"", wanted.valid_until
        )


class PaperVenue:
    """`domain_now` is None until domain time runs: nothing has ended before."""

    def __init__(self, domain_now: Callable[[], datetime | None]) -> None:
        self._domain_now = domain_now

    async def place(self, entry: SignedEntry, last_look: LastLook) -> PlaceWord:
        del entry
        refusal = last_look()
        return Accepted() if refusal is None else NotSent(refusal)

    async def cancel(self, orders: Sequence[VenueOrderId]) -> CancelWord:
        return CancelWord(frozenset(orders))

    async def cancel_all(self) -> CancelWord:
        """Nothing rests anywhere but in the table."""
        return CancelWord(frozenset())

    async def look_up(self, orders: Sequence[OpenOrder]) -> Mapping[OrderId, OrderWord]:
        return {order.order_id: self._word(order) for order in orders}

    async def foreign_candidates(self) -> list[ForeignOrder]:
        return []

    def _word(self, order: OpenOrder) -> OrderWord:
        now = self._domain_now()
        if order.is_cancelling:
            return Over("cancelled", order.filled, "CANCELLED")
        if now is not None and order.has_ended(now):
            return Over("expired", order.filled, "MARKET_ENDED")
        return Resting(order.filled)
