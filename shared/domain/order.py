"""An order: our instruction, its states, and the moves between them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from shared.domain.ids import MarketId, OrderId, TokenId, VenueOrderId
from shared.domain.money import NO_SHARES, Cash, Price, Shares


class Side(StrEnum):
    BUY = "BUY"
    SELL = "SELL"


class TimeInForce(StrEnum):
    GTC = "GTC"
    GTD = "GTD"
    FOK = "FOK"
    FAK = "FAK"


IMMEDIATE = frozenset({TimeInForce.FOK, TimeInForce.FAK})
"""Matched at once or killed."""


class OrderStatus(StrEnum):
    SUBMITTING = "submitting"
    UNCERTAIN = "uncertain"
    LIVE = "live"
    PARTLY_FILLED = "partly_filled"
    CANCELLING = "cancelling"
    FILLED = "filled"
    CANCELLED = "cancelled"
    REJECTED = "rejected"
    EXPIRED = "expired"


FINAL = frozenset({OrderStatus.FILLED, OrderStatus.CANCELLED, OrderStatus.REJECTED, OrderStatus.EXPIRED})
"""The venue's last word was heard; a fill may still be booked to such an order, it never works again."""

RESTING = frozenset({OrderStatus.LIVE, OrderStatus.PARTLY_FILLED})


@dataclass(frozen=True, slots=True)
class Order:
    """One order as the order table has it. `version` counts its changes: the higher one is the newer truth."""

    order_id: OrderId
    market: MarketId
    token: TokenId
    outcome: str
    side: Side
    rung: int
    attempt: int
    price: Price
    shares: Shares
    filled: Shares
    status: OrderStatus
    venue_order_id: VenueOrderId | None
    placed_at: datetime
    version: int

    @property
    def remaining(self) -> Shares:
        return self.shares.less(self.filled)

    @property
    def is_final(self) -> bool:
        return self.status in FINAL

    def exposure(self) -> Cash:
        """What it may still cost: nothing for a sale or once final."""
        if self.side is Side.SELL or self.is_final:
            return self.price * NO_SHARES
        return self.price * self.remaining

    def is_rung_filled(self, min_shares: Shares) -> bool:
        """A rung counts as filled when what remains of it is below the venue's minimum (strategy section 8)."""
        return bool(self.filled) and self.remaining < min_shares
