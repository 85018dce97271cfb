"""The fair value of an outcome from what was heard of strikes and prices."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Protocol

from shared.domain.fair_value import FairValue, PriceView, p_win
from shared.domain.ids import Coin, MarketId
from shared.domain.market import Market
from shared.domain.reference import Spot, up_move_pct
from shared.messages.discovery import ReferencePrice

AVERAGING = timedelta(seconds=60)


class History(Protocol):
    """Spots of each coin, remembered: instants are domain time, volatility is of the log return over one second."""

    def hear(self, coin: Coin, price: Decimal, at: datetime) -> None: ...

    def volatility(self, coin: Coin, now: datetime) -> float | None: ...

    def mean_since(self, coin: Coin, since: datetime, now: datetime) -> Decimal | None: ...


@dataclass(frozen=True, slots=True)
class Struck:
    """A market's price to beat, dollars."""

    market: MarketId
    price: Decimal


class Odds:
    """A price older than `stale_seconds` (domain) is a missing price, and so is one that cannot be a price."""

    def __init__(self, model: FairValue, history: History, stale_seconds: float) -> None:
        self._model = model
        self._history = history
        self._stale = timedelta(seconds=stale_seconds)
        self._strikes: dict[MarketId, Decimal] = {}
        self._spots: dict[Coin, Spot] = {}

    def hear_price(self, price: ReferencePrice) -> None:
        if price.spot is None or price.spot_at is None:
            return
        self._spots[price.coin] = Spot(price.spot, price.spot_at)
        self._history.hear(price.coin, price.spot, price.spot_at)

    def hear_strike(self, struck: Struck) -> None:
        self._strikes[struck.market] = struck.price

    def keep(self, markets: Iterable[MarketId]) -> None:
        """Forgets the strikes of every other market."""
        kept = frozenset(markets)
        self._strikes = {market: price for market, price in self._strikes.items() if market in kept}

    def p_win(self, market: Market, outcome: str, now: datetime) -> Decimal | None:
        """None while the strike or a fresh price is missing."""
        strike, spot = self._strikes.get(market.market), self._spots.get(market.coin)
        if strike is None or spot is None or now - spot.at > self._stale or up_move_pct(strike, spot.price) is None:
            return None
        return p_win(self._model, self._view(market, strike, spot.price, now), outcome)

    def _view(self, market: Market, strike: Decimal, spot: Decimal, now: datetime) -> PriceView:
        coin, averaged_from = market.coin, market.end - AVERAGING
        mean = self._history.mean_since(coin, averaged_from, now) if now > averaged_from else None
        return PriceView(coin, strike, spot, self._history.volatility(coin, now), mean, market.start, market.end, now)
