"""What the coin's price says of an outcome: its move since the strike and its fair value."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

from shared.domain.fair_value import FairValue, p_win
from shared.domain.ids import Coin, MarketId
from shared.domain.market import Market
from shared.domain.price_history import PriceHistory, view_of
from shared.domain.reference import Spot, up_move_pct
from shared.messages.discovery import ReferencePrice


@dataclass(frozen=True, slots=True)
class Struck:
    """A market's price to beat, dollars."""

    market: MarketId
    price: Decimal


class Odds:
    """A price older than `stale_seconds` (domain) is a missing price, and so is one that cannot be a price."""

    def __init__(self, model: FairValue, stale_seconds: float) -> None:
        self._model = model
        self._stale = timedelta(seconds=stale_seconds)
        self._history = PriceHistory()
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

    def up_move_pct(self, market: Market, now: datetime) -> Decimal | None:
        """None while the strike or a fresh price is missing."""
        strike, spot = self._strikes.get(market.market), self._spot(market.coin, now)
        return None if strike is None or spot is None else up_move_pct(strike, spot)

    def p_win(self, market: Market, outcome: str, now: datetime) -> Decimal | None:
        """Fair value, 0 to 1; None while the strike or a fresh price is missing."""
        strike, spot = self._strikes.get(market.market), self._spot(market.coin, now)
        if strike is None or spot is None:
            return None
        view = view_of(market.coin, strike, spot, market.start, market.end, now, self._history)
        return None if view is None else p_win(self._model, view, outcome)

    def _spot(self, coin: Coin, now: datetime) -> Decimal | None:
        spot = self._spots.get(coin)
        return None if spot is None or now - spot.at > self._stale else spot.price
