"""The top of a token's book, and what is known of it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from shared.domain.ids import TokenId
from shared.domain.money import Price, Shares


@dataclass(frozen=True, slots=True)
class Level:
    price: Price
    shares: Shares


@dataclass(frozen=True, slots=True)
class Top:
    """Best bid and ask of one token. No bid is an empty side, never a price of 0.

    `seen_at` is domain time of the token's last frame or successful REST comparison: a quiet book is not a stale one.
    """

    token: TokenId
    bid: Level | None
    ask: Level | None
    seen_at: datetime

    def is_empty(self) -> bool:
        return self.bid is None and self.ask is None

    def is_crossed(self) -> bool:
        return self.bid is not None and self.ask is not None and self.bid.price >= self.ask.price

    def spread(self) -> Decimal | None:
        if self.bid is None or self.ask is None:
            return None
        return self.ask.price.value - self.bid.price.value

    def age_seconds(self, now: datetime) -> float:
        return (now - self.seen_at).total_seconds()


def net_of_own(bids: list[Level], own: dict[Price, Shares]) -> Level | None:
    """The best bid once our own resting shares are taken out: our bid is not evidence for our bid.

    A level at which we have nothing stays as it is, also where nobody told its size.
    """
    for level in sorted(bids, key=lambda each: each.price, reverse=True):
        if level.price not in own:
            return level
        remaining = level.shares.less(own[level.price])
        if remaining:
            return Level(level.price, remaining)
    return None
