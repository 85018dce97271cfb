"""A market: one slot of one coin, with its two outcomes."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from enum import StrEnum

from shared.domain.ids import Coin, MarketId, TokenId
from shared.domain.money import Shares


class ProtocolVersion(StrEnum):
    V1 = "v1"
    V2 = "v2"


class UnknownOutcomeError(LookupError):
    """The market has no such outcome or token."""


@dataclass(frozen=True, slots=True)
class Outcome:
    name: str
    token: TokenId


@dataclass(frozen=True, slots=True)
class Market:
    """Facts the venue states of a market; every one is read per market, none assumed.

    `outcomes` keeps the venue's order: Up is not always first, and the winner is found by token.
    `start` and `end` bound the slot, end excluded.
    """

    market: MarketId
    slug: str
    coin: Coin
    start: datetime
    end: datetime
    outcomes: tuple[Outcome, Outcome]
    tick: Decimal
    min_shares: Shares
    taker_fee_rate: Decimal
    version: ProtocolVersion
    neg_risk: bool
    accepting_orders: bool

    def outcome(self, name: str) -> Outcome:
        """Raises UnknownOutcomeError."""
        for outcome in self.outcomes:
            if outcome.name == name:
                return outcome
        raise UnknownOutcomeError(f"{self.slug} has no outcome {name}")

    def outcome_of(self, token: TokenId) -> Outcome:
        """Raises UnknownOutcomeError."""
        for outcome in self.outcomes:
            if outcome.token == token:
                return outcome
        raise UnknownOutcomeError(f"{self.slug} does not trade token {token}")

    def other(self, name: str) -> Outcome:
        first, second = self.outcomes
        return second if first.name == name else first

    def has_started(self, now: datetime) -> bool:
        return now >= self.start

    def has_ended(self, now: datetime) -> bool:
        return now >= self.end

    def minutes_into(self, now: datetime) -> float:
        """Real minutes since the slot's start, whatever its length; negative before it."""
        return (now - self.start).total_seconds() / 60
