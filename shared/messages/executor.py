"""What the executor reports: every change of an order."""

from __future__ import annotations

from typing import ClassVar

from shared.domain.ids import AccountId, MarketId, OrderId, TokenId, VenueOrderId
from shared.domain.money import Price, Shares
from shared.domain.order import OrderStatus, Side, TimeInForce
from shared.messages.envelope import Instant, Message


class OrderChanged(Message, frozen=True, kw_only=True):
    """The order as it is after the change; the envelope's key sequence is its version, the higher one is newer."""

    SCHEMA: ClassVar[str] = "executor.order_changed.v1"
    SUBJECT: ClassVar[str] = "pm.v1.executor.order_changed"

    order_id: OrderId
    account: AccountId
    strategy_tag: str
    market: MarketId
    token: TokenId
    outcome: str
    side: Side
    purpose: str
    rung: int
    attempt: int
    price: Price
    shares: Shares
    filled: Shares
    status: OrderStatus
    reason: str
    venue_order_id: VenueOrderId | None
    placed_at: Instant
    version: int
    time_in_force: TimeInForce = TimeInForce.GTC
    post_only: bool = True


class EntriesClosed(Message, frozen=True, kw_only=True):
    """Every entry of a market that is being left early has had the venue's last word; none can be filled any more."""

    SCHEMA: ClassVar[str] = "executor.entries_closed.v1"
    SUBJECT: ClassVar[str] = "pm.v1.executor.entries_closed"

    account: AccountId
    market: MarketId
