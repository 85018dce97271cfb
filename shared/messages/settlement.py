"""What settlement reports."""

from __future__ import annotations

from decimal import Decimal
from typing import ClassVar

from shared.domain.ids import AccountId, MarketId, TokenId
from shared.domain.money import Cash, Shares
from shared.messages.envelope import Message


class PositionSettled(Message, frozen=True, kw_only=True):
    """A position was paid, or an earlier payment corrected. kind: venue, provisional, forced, adjust; payout is cash
    per share; profit is what this booking added."""

    SCHEMA: ClassVar[str] = "settlement.position_settled.v1"
    SUBJECT: ClassVar[str] = "pm.v1.settlement.position_settled"

    account: AccountId
    market: MarketId
    token: TokenId
    outcome: str
    kind: str
    payout: Decimal
    shares: Shares
    cost: Cash
    profit: Cash
    source: str
