"""The markets this executor can sign for, as the venue last described them."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from shared.domain.ids import MarketId
from shared.domain.market import Market, Outcome, ProtocolVersion
from shared.messages.discovery import MarketListed


def market_of(listed: MarketListed) -> Market:
    """Raises ValueError for a protocol version we do not speak."""
    first, second = (Outcome(outcome.name, outcome.token) for outcome in listed.outcomes)
    return Market(
        market=listed.market,
        slug=listed.slug,
        coin=listed.coin,
        start=listed.start,
        end=listed.end,
        outcomes=(first, second),
        tick=listed.tick,
        min_shares=listed.min_shares,
        taker_fee_rate=listed.taker_fee_rate,
        version=ProtocolVersion(listed.protocol_version),
        neg_risk=listed.neg_risk,
        accepting_orders=listed.accepting_orders,
    )


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

    def forget_ended(self, before: datetime) -> None:
        self._markets = {name: market for name, market in self._markets.items() if market.end > before}
