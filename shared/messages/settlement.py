"""What settlement reports and asks for."""

from __future__ import annotations

from decimal import Decimal
from typing import ClassVar

from shared.domain.ids import AccountId, MarketId, RedemptionId, TokenId
from shared.domain.money import Cash, Shares
from shared.messages.envelope import Instant, Message


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


class RedeemPositions(Message, frozen=True, kw_only=True):
    """A command: turn what is held of a resolved market into cash at the venue, `cash` by our books. The row of
    `redemption_id` was written in the commit that wrote this; it decides, this only wakes."""

    SCHEMA: ClassVar[str] = "settlement.redeem.v1"
    SUBJECT: ClassVar[str] = "pm.v1.settlement.redeem"

    redemption_id: RedemptionId
    account: AccountId
    market: MarketId
    cash: Cash
    attempt: int
    decided_at: Instant


class MergePositions(Message, frozen=True, kw_only=True):
    """A command: turn that many whole pairs of both outcomes into as many dollars. Otherwise as `RedeemPositions`."""

    SCHEMA: ClassVar[str] = "settlement.merge.v1"
    SUBJECT: ClassVar[str] = "pm.v1.settlement.merge"

    redemption_id: RedemptionId
    account: AccountId
    market: MarketId
    cash: Cash
    attempt: int
    decided_at: Instant
