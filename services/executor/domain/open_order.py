"""An order of ours that is not final: everything the executor decides on."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from shared.domain.ids import MarketId, OrderId, TokenId, VenueOrderId
from shared.domain.money import Shares
from shared.domain.order import OrderStatus

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

    @property
    def is_entry(self) -> bool:
        return self.purpose == "entry"

    @property
    def is_cancelling(self) -> bool:
        return self.status is OrderStatus.CANCELLING

    def has_ended(self, domain_now: datetime) -> bool:
        return domain_now >= self.slot_end


@dataclass(frozen=True, slots=True)
class SignedEntry:
    """An entry ready to be reserved and sent. `body` is sent as it is, also when sent again; empty in paper."""

    order_id: OrderId
    venue_order_id: VenueOrderId
    market: MarketId
    body: bytes
    valid_until: datetime
