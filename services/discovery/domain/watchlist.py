"""The markets we watch, by id and by token; forgetting a market is one deletion."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from shared.domain.ids import MarketId, TokenId
from shared.domain.market import Market

KEPT_AFTER_END = timedelta(minutes=2)
"""The book's last frames and the resolution come after the slot's end."""


@dataclass(slots=True)
class Watchlist:
    markets: dict[MarketId, Market] = field(default_factory=dict[MarketId, Market])
    struck: set[MarketId] = field(default_factory=set[MarketId])

    def add(self, market: Market) -> bool:
        """Whether its tokens are new to us."""
        is_new = market.market not in self.markets
        self.markets[market.market] = market
        return is_new

    def market_of(self, token: TokenId) -> Market | None:
        for market in self.markets.values():
            if any(outcome.token == token for outcome in market.outcomes):
                return market
        return None

    def lacking_strike(self, now: datetime) -> Iterator[Market]:
        for market in self.markets.values():
            if market.market not in self.struck and market.has_started(now) and not market.has_ended(now):
                yield market

    def in_slot(self, now: datetime) -> Iterator[Market]:
        for market in self.markets.values():
            if market.has_started(now) and not market.has_ended(now):
                yield market

    def ended(self, now: datetime) -> tuple[Market, ...]:
        return tuple(market for market in self.markets.values() if now > market.end + KEPT_AFTER_END)

    def forget(self, markets: Iterable[Market]) -> None:
        for market in markets:
            del self.markets[market.market]
            self.struck.discard(market.market)
