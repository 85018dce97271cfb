"""What the bidder asks for: entries and cancels."""

from __future__ import annotations

from typing import ClassVar

from shared.domain.ids import AccountId, MarketId, OrderId, TokenId
from shared.domain.money import Price, Shares
from shared.domain.order import TimeInForce
from shared.messages.envelope import Instant, Message


class PlaceEntry(Message, frozen=True, kw_only=True):
    """An intent: buy this rung. Valid until a wall instant, two seconds away at most; `attempt` counts the orders of
    the rung that the bidder knew of, so a plan made on old knowledge is refused."""

    SCHEMA: ClassVar[str] = "bidder.place_entry.v1"
    SUBJECT: ClassVar[str] = "pm.v1.bidder.place_entry"

    order_id: OrderId
    account: AccountId
    strategy_tag: str
    market: MarketId
    token: TokenId
    outcome: str
    rung: int
    attempt: int
    price: Price
    shares: Shares
    time_in_force: TimeInForce
    post_only: bool
    decided_at: Instant
    valid_until: Instant


class CancelEntry(Message, frozen=True, kw_only=True):
    """Cancel a resting entry; reason is the filter that stopped holding."""

    SCHEMA: ClassVar[str] = "bidder.cancel_entry.v1"
    SUBJECT: ClassVar[str] = "pm.v1.bidder.cancel_entry"

    order_id: OrderId
    account: AccountId
    market: MarketId
    reason: str
    decided_at: Instant
