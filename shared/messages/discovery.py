"""What discovery publishes: markets, strikes, tops of books, reference prices."""

from __future__ import annotations

from decimal import Decimal
from typing import ClassVar

import msgspec

from shared.domain.ids import Coin, MarketId, TokenId
from shared.domain.market import Market, Outcome, ProtocolVersion
from shared.domain.money import Price, Shares
from shared.messages.envelope import Instant, Message, MessageError


class ListedOutcome(msgspec.Struct, frozen=True, kw_only=True):
    name: str
    token: TokenId


class MarketListed(Message, frozen=True, kw_only=True):
    """A market we watch, as the venue describes it; sent again with a higher sequence when a fact of it changes."""

    SCHEMA: ClassVar[str] = "discovery.market_listed.v1"
    SUBJECT: ClassVar[str] = "pm.v1.discovery.market_listed"

    market: MarketId
    slug: str
    coin: Coin
    start: Instant
    end: Instant
    outcomes: tuple[ListedOutcome, ListedOutcome]
    tick: Decimal
    min_shares: Shares
    taker_fee_rate: Decimal
    protocol_version: str
    neg_risk: bool
    accepting_orders: bool

    def as_market(self) -> Market:
        """Raises MessageError for a protocol version we do not speak."""
        first, second = (Outcome(outcome.name, outcome.token) for outcome in self.outcomes)
        try:
            version = ProtocolVersion(self.protocol_version)
        except ValueError:
            raise MessageError(f"{self.slug}: protocol version {self.protocol_version!r} is unknown") from None
        return Market(
            market=self.market,
            slug=self.slug,
            coin=self.coin,
            start=self.start,
            end=self.end,
            outcomes=(first, second),
            tick=self.tick,
            min_shares=self.min_shares,
            taker_fee_rate=self.taker_fee_rate,
            version=version,
            neg_risk=self.neg_risk,
            accepting_orders=self.accepting_orders,
        )


class StrikeCaptured(Message, frozen=True, kw_only=True):
    """The settlement feed's value at the slot's start. provenance: exact, prior, website or metadata."""

    SCHEMA: ClassVar[str] = "discovery.strike_captured.v1"
    SUBJECT: ClassVar[str] = "pm.v1.discovery.strike_captured"

    market: MarketId
    price: Decimal
    source: str
    provenance: str
    tick_at: Instant


class BookLevel(msgspec.Struct, frozen=True, kw_only=True):
    price: Price
    shares: Shares


class TopChanged(Message, frozen=True, kw_only=True):
    """A level, on core NATS without envelope: best first; two bids, since the first may be ours alone, and one ask.

    `known` is false from a lost connection until the next snapshot. `sequence` grows per token and process.
    """

    SCHEMA: ClassVar[str] = "discovery.top_changed.v1"
    SUBJECT: ClassVar[str] = "pm.v1.discovery.top"

    market: MarketId
    token: TokenId
    bids: tuple[BookLevel, ...]
    asks: tuple[BookLevel, ...]
    known: bool
    seen_at: Instant
    sequence: int


class MarketResolved(Message, frozen=True, kw_only=True):
    """A level, on core NATS without envelope: the market channel says that the venue named the winner. A hint to ask,
    no result: it may be missed, and settles nothing. `resolved_at` is the venue's stamp."""

    SCHEMA: ClassVar[str] = "discovery.market_resolved.v1"
    SUBJECT: ClassVar[str] = "pm.v1.discovery.market_resolved"

    market: MarketId
    winner: TokenId
    resolved_at: Instant


class ReferencePrice(Message, frozen=True, kw_only=True):
    """A level, on core NATS without envelope: the coin's latest spot and 60 s average, dollars, each with its instant
    (domain) and source."""

    SCHEMA: ClassVar[str] = "discovery.reference_price.v1"
    SUBJECT: ClassVar[str] = "pm.v1.discovery.price"

    coin: Coin
    spot: Decimal | None
    spot_at: Instant | None
    average: Decimal | None
    average_at: Instant | None
    source: str
