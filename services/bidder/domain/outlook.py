"""Up's chances by the coin's price: fair value behind what the filters ask."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

from services.bidder.domain.market_state import MarketState
from shared.domain.fair_value import FairValue
from shared.domain.ids import Coin
from shared.domain.price_history import PriceHistory, view_of
from shared.domain.reference import Spot


class FairOutlook:
    """Remembers spots as they are heard; one older than `stale_seconds` (domain time) is a missing one."""

    def __init__(self, fair_value: FairValue, stale_seconds: float) -> None:
        self._fair_value = fair_value
        self._stale_seconds = stale_seconds
        self._history = PriceHistory()

    def hear(self, coin: Coin, spot: Spot) -> None:
        self._history.hear(coin, spot.price, spot.at)

    def p_up(self, state: MarketState, now: datetime) -> Decimal | None:
        """0 to 1; None without strike or fresh spot, or where one of them cannot be a price."""
        reference = state.reference(now, self._stale_seconds)
        if reference is None:
            return None
        market = state.market
        view = view_of(market.coin, *reference, market.start, market.end, now, self._history)
        return None if view is None else self._fair_value.p_up(view)
