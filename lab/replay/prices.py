"""A coin's prices as a recording carries them, and the price to beat that follows from them."""

from __future__ import annotations

from collections import OrderedDict
from decimal import Decimal
from typing import Literal

from shared.domain.reference import Strike

Settlement = Literal["twap60", "last_price"]
WINDOW_SECONDS = 60
LEAST_SPOTS = 45
"""Of the 60 of a window: with fewer, their mean says little about the venue's average. About 3 % of the seconds of a
real feed are missing."""
PRIOR_AGE_SECONDS = 10
PATIENCE_SECONDS = 3
KEPT_SECONDS = 300


class CoinPrices:
    """Spots and averages by the second of their stamp; what is older than five minutes is forgotten."""

    def __init__(self) -> None:
        self._spots: OrderedDict[int, Decimal] = OrderedDict()
        self._averages: OrderedDict[int, Decimal] = OrderedDict()

    def spot(self, second: int, price: Decimal) -> None:
        _keep(self._spots, second, price)

    def average(self, second: int, price: Decimal) -> None:
        _keep(self._averages, second, price)

    def strike(self, start: int, heard: int, rule: Settlement) -> Strike | None:
        """The price to beat of the slot that starts at unix second `start`, once it can be told. `heard` is the stamp
        of the newest price: what is not whole is taken only when the feed is clearly past it."""
        if heard < start:
            return None
        is_late = heard >= start + PATIENCE_SECONDS
        return self._last(start, is_late) if rule == "last_price" else self._mean(start, is_late)

    def _mean(self, start: int, is_late: bool) -> Strike | None:
        if (average := self._averages.get(start)) is not None:
            return Strike(average, "exact")
        spots = [spot for back in range(WINDOW_SECONDS) if (spot := self._spots.get(start - back)) is not None]
        is_whole = len(spots) == WINDOW_SECONDS
        if not is_whole and (len(spots) < LEAST_SPOTS or not is_late):
            return None
        return Strike(sum(spots, Decimal(0)) / len(spots), "exact" if is_whole else "prior")

    def _last(self, start: int, is_late: bool) -> Strike | None:
        for age in range(PRIOR_AGE_SECONDS + 1 if is_late else 1):
            if (spot := self._spots.get(start - age)) is not None:
                return Strike(spot, "exact" if age == 0 else "prior")
        return None


def _keep(prices: OrderedDict[int, Decimal], second: int, price: Decimal) -> None:
    prices[second] = price
    while next(iter(prices)) < second - KEPT_SECONDS:
        prices.popitem(last=False)
