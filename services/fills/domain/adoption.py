"""An order of ours that only the venue knows, as it has to be entered into our table."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from services.fills.domain.sightings import FAILED, FillSeen
from shared.domain.ids import MarketId, TokenId, VenueOrderId
from shared.domain.money import NO_SHARES, Price, Shares
from shared.domain.order import Side

UNKNOWN_MARKET = "unknown_market"
NOT_YET = "not_yet"


@dataclass(frozen=True, slots=True)
class LostOrder:
    """Its terms by the venue's record. `shares` is its whole size."""

    venue_order_id: VenueOrderId
    market: MarketId
    token: TokenId
    side: Side
    price: Price
    shares: Shares
    time_in_force: str
    occurred_at: datetime


def order_behind(fills: Sequence[FillSeen]) -> LostOrder | None:
    """Of an order that the venue no longer shows, what its trades prove: all of it that was traded, at the worst of
    their prices. None without any."""
    traded = [fill for fill in fills if fill.status != FAILED and fill.side is not None]
    if not traded or traded[0].side is None or traded[0].venue_order_id is None:
        return None
    first, prices = traded[0], [fill.price for fill in traded]
    return LostOrder(
        venue_order_id=traded[0].venue_order_id,
        market=first.market,
        token=first.token,
        side=traded[0].side,
        price=max(prices) if first.side is Side.BUY else min(prices),
        shares=sum((fill.shares for fill in traded), NO_SHARES),
        time_in_force="GTC",
        occurred_at=min(fill.occurred_at for fill in traded),
    )
