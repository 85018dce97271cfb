"""What fills reports: bookings and the positions they make."""

from __future__ import annotations

from typing import ClassVar

from shared.domain.ids import AccountId, MarketId, OrderId, TokenId, TradeId
from shared.domain.money import Cash, Price, Shares
from shared.domain.order import Side
from shared.messages.envelope import Instant, Message


class FillBooked(Message, frozen=True, kw_only=True):
    """A fill was booked, confirmed or taken back (status provisional, confirmed, failed)."""

    SCHEMA: ClassVar[str] = "fills.fill_booked.v1"
    SUBJECT: ClassVar[str] = "pm.v1.fills.fill_booked"

    account: AccountId
    fill_id: int
    trade: TradeId
    order_id: OrderId
    market: MarketId
    token: TokenId
    outcome: str
    side: Side
    price: Price
    shares: Shares
    fee: Cash
    liquidity: str
    status: str
    source: str
    version: int


class PositionChanged(Message, frozen=True, kw_only=True):
    """The position as it is after the change; the higher version is newer."""

    SCHEMA: ClassVar[str] = "fills.position_changed.v1"
    SUBJECT: ClassVar[str] = "pm.v1.fills.position_changed"

    account: AccountId
    market: MarketId
    token: TokenId
    outcome: str
    shares: Shares
    confirmed_shares: Shares
    cost: Cash
    realised: Cash
    filled_at: Instant
    version: int
