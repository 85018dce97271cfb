"""An order of ours that is not final: everything the executor decides on."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from shared.domain.ids import AccountId, MarketId, OrderId, TokenId, VenueOrderId
from shared.domain.money import Price, Shares
from shared.domain.order import IMMEDIATE, OrderStatus, Side, TimeInForce

UNANSWERED = frozenset({OrderStatus.SUBMITTING, OrderStatus.UNCERTAIN})


@dataclass(frozen=True, slots=True)
class OpenOrder:
    """As the table has it. `was_seen`: the venue showed at some time that it had the order. `is_unwanted` names why the
    market takes nothing on this outcome any more (another side held, exited), empty while it does.

    `valid_until` and `cancel_asked_at` are wall instants, `slot_end` is domain time.
    """

    order_id: OrderId
    venue_order_id: VenueOrderId
    market: MarketId
    token: TokenId
    outcome: str
    purpose: str
    status: OrderStatus
    shares: Shares
    filled: Shares
    venue_matched: Shares
    was_seen: bool
    is_unwanted: str
    valid_until: datetime
    cancel_asked_at: datetime | None
    slot_end: datetime
    time_in_force: TimeInForce = TimeInForce.GTC

    @property
    def is_entry(self) -> bool:
        return self.purpose == "entry"

    @property
    def is_immediate(self) -> bool:
        """Matched at once or killed: it never rests."""
        return self.time_in_force in IMMEDIATE

    @property
    def is_cancelling(self) -> bool:
        return self.status is OrderStatus.CANCELLING

    def has_ended(self, domain_now: datetime) -> bool:
        return domain_now >= self.slot_end


@dataclass(frozen=True, slots=True)
class Instruction:
    """What one of the others wants placed: an entry, or an exit out of a position. `valid_until` is a wall instant."""

    order_id: OrderId
    account: AccountId
    strategy_tag: str
    market: MarketId
    token: TokenId
    outcome: str
    side: Side
    rung: int
    attempt: int
    price: Price
    shares: Shares
    time_in_force: TimeInForce
    post_only: bool
    valid_until: datetime

    @property
    def is_exit(self) -> bool:
        return self.side is Side.SELL

    @property
    def purpose(self) -> str:
        return "exit" if self.is_exit else "entry"


@dataclass(frozen=True, slots=True)
class SignedEntry:
    """An order ready to be reserved and sent. `body` is sent as it is, also when sent again; empty in paper."""

    order_id: OrderId
    venue_order_id: VenueOrderId
    market: MarketId
    body: bytes
    valid_until: datetime
