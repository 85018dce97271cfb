"""A fill as a source tells it, before it is matched to an order of ours."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from shared.domain.ids import MarketId, TokenId, TradeId, VenueOrderId
from shared.domain.money import Cash, Price, Shares


class FillStatus(StrEnum):
    PROVISIONAL = "provisional"
    CONFIRMED = "confirmed"
    FAILED = "failed"


class Source(StrEnum):
    USER_STREAM = "user_stream"
    SWEEP = "sweep"
    PAPER = "paper"


@dataclass(frozen=True, slots=True)
class HeardFill:
    """`bucket` is empty where the source has none; `fee` is None for a taker, whose fee the tape does not carry."""

    trade: TradeId
    venue_order_id: VenueOrderId | None
    bucket: str
    market: MarketId
    token: TokenId
    price: Price
    shares: Shares
    fee: Cash | None
    liquidity: str
    status: FillStatus
    source: Source
    occurred_at: datetime

    @property
    def identity(self) -> str:
        return f"{self.trade}/{self.venue_order_id or self.token}/{self.bucket}"
