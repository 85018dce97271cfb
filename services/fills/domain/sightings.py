"""What the venue shows of our trades and orders, in our words."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from shared.domain.ids import MarketId, OrderId, TokenId, TradeId, VenueOrderId
from shared.domain.money import Cash, Price, Shares
from shared.domain.order import Side

PROVISIONAL = "provisional"
CONFIRMED = "confirmed"
FAILED = "failed"


@dataclass(frozen=True, slots=True)
class FillSeen:
    """Our share of a trade. `bucket` is empty where the source has none; `fee` is None where the venue does not say
    (a taker's follows from the market's rate). `status` is provisional, confirmed or failed. `side` is the venue's
    word, None on paper, where the order says it."""

    venue_order_id: VenueOrderId | None
    trade: TradeId
    bucket: str
    market: MarketId
    token: TokenId
    price: Price
    shares: Shares
    fee: Cash | None
    liquidity: str
    status: str
    source: str
    occurred_at: datetime
    side: Side | None = None


@dataclass(frozen=True, slots=True)
class OrderSeen:
    """An order at the venue. `over` is cancelled or expired, None while it is not over; `matched` is cumulative."""

    venue_order_id: VenueOrderId
    market: MarketId
    token: TokenId
    matched: Shares
    over: str | None
    reason: str
    occurred_at: datetime


@dataclass(frozen=True, slots=True)
class Booking:
    """A fill with the order it belongs to."""

    order_id: OrderId
    seen: FillSeen
    fee: Cash
