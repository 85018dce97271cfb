"""The markets this executor can sign for, as the venue last described them."""

from __future__ import annotations

from collections.abc import Iterable

from shared.domain.ids import MarketId
from shared.domain.market import Market


class KnownMarkets:
    def __init__(self) -> None:
        self._markets: dict[MarketId, Market] = {}

    def market(self, market: MarketId) -> Market | None:
        return self._markets.get(market)

    def learn(self, market: Market) -> None:
        self._markets[market.market] = market

    def replace(self, markets: Iterable[Market]) -> None:
        """What the table says now; the bus is never fresher than it."""
        self._markets = {market.market: market for market in markets}
