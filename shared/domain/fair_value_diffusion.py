"""Fair value by diffusion: the price walks at the coin's recent pace; the result is its mean over the last minute.

The strike is a 60 s mean that is known. The result is the mean of the last 60 s: before them its variance is that of
the walk to the end less two thirds of the minute; within them what has passed is certain, only the rest still walks.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from types import MappingProxyType

from shared.domain.fair_value import PriceView, up_move_of
from shared.domain.ids import Coin

PLACES = Decimal("0.000001")
CERTAIN, IMPOSSIBLE = Decimal(1), Decimal(0)

# Standard deviation of the log return over one second. BTC's is fitted, the others' are its usual multiples (about 1.4,
# 1.8 and 1.6), for which our data is too short: docs/fair-value.md. They matter until five minutes were heard.
PRIOR_VOLATILITY: Mapping[Coin, float] = MappingProxyType(
    {Coin("btc"): 5e-5, Coin("eth"): 7e-5, Coin("sol"): 9e-5, Coin("xrp"): 8e-5}
)
OTHER_COIN_VOLATILITY = 1e-4
# A feed that repeats itself is not a coin that stands still.
LEAST_OF_PRIOR = 0.1


@dataclass(frozen=True, slots=True)
class DiffusionFairValue:
    """`averaging_seconds` is 60 at the venue today and 0 under its older rule, where the last price decided.

    `trust` is the weight of what was heard against the prior, in logarithms, 0 to 1.
    """

    averaging_seconds: float = 60.0
    trust: float = 0.7
    prior: Mapping[Coin, float] = field(default_factory=lambda: PRIOR_VOLATILITY)

    def p_up(self, view: PriceView) -> Decimal:
        """Probability that the mean at the end is at or above the strike. Raises ImpossiblePriceError."""
        up_move_of(view)
        left = view.seconds_left
        deviation = self._volatility(view) * math.sqrt(self._walk_seconds(view, left)) if left > 0 else 0.0
        if deviation <= 0:
            return CERTAIN if self._settled(view) >= view.strike else IMPOSSIBLE
        lead = self._expected(view, left) / float(view.strike) - 1
        return Decimal(_cumulative(lead / deviation)).quantize(PLACES)

    def _volatility(self, view: PriceView) -> float:
        prior = self.prior.get(view.coin, OTHER_COIN_VOLATILITY)
        if view.volatility is None:
            return prior
        heard = max(view.volatility, prior * LEAST_OF_PRIOR)
        return prior * (heard / prior) ** self.trust

    def _walk_seconds(self, view: PriceView, left: float) -> float:
        """Variance of the result in seconds of walking."""
        window = self.averaging_seconds
        if left >= window:
            return left - window * 2 / 3
        rest = (left / window) ** 2 * left / 3
        if view.window_mean is not None:
            return rest
        passed = window - left
        return rest + (passed / window) ** 2 * passed / 3

    def _expected(self, view: PriceView, left: float) -> float:
        """Dollars: what has passed of the last minute stands, the rest is expected where the price is now."""
        spot = float(view.spot)
        if view.window_mean is None or left >= self.averaging_seconds:
            return spot
        still = left / self.averaging_seconds
        return float(view.window_mean) * (1 - still) + spot * still

    def _settled(self, view: PriceView) -> Decimal:
        return view.spot if view.window_mean is None or self.averaging_seconds == 0 else view.window_mean


def _cumulative(z: float) -> float:
    return 0.5 * math.erfc(-z / math.sqrt(2))
