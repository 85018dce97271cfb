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

    def strike(self, start: int, rule: Settlement) -> Strike | None:
        """The price to beat of the slot that starts at unix second `start`; None while, or where, it cannot be told."""
        found = self._last(start) if rule == "last_price" else self._mean(start)
        return found if found is not None and found.price > 0 else None

    def _mean(self, start: int) -> Strike | None:
        if (average := self._averages.get(start)) is not None:
            return Strike(average, "exact")
        spots = [spot for back in range(WINDOW_SECONDS) if (spot := self._spots.get(start - back)) is not None]
        if len(spots) < LEAST_SPOTS:
            return None
        return Strike(sum(spots, Decimal(0)) / len(spots), "exact" if len(spots) == WINDOW_SECONDS else "prior")

    def _last(self, start: int) -> Strike | None:
        for age in range(PRIOR_AGE_SECONDS + 1):
            if (spot := self._spots.get(start - age)) is not None:
                return Strike(spot, "exact" if age == 0 else "prior")
        return None


def _keep(prices: OrderedDict[int, Decimal], second: int, price: Decimal) -> None:
    prices[second] = price
    while next(iter(prices)) < second - KEPT_SECONDS:
        prices.popitem(last=False)
