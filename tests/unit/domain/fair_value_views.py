"""Price views for the tests of fair value: a strike of 100 dollars, a slot of 15 minutes."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal

from shared.domain.fair_value import PriceView
from shared.domain.ids import Coin

END = datetime(2026, 6, 8, 12, 15, tzinfo=UTC)
START = END - timedelta(minutes=15)


def view(
    spot: str | Decimal,
    seconds_left: float = 420,
    *,
    strike: str = "100",
    volatility: float | None = 5e-5,
    mean: str | None = None,
    coin: str = "btc",
) -> PriceView:
    return PriceView(
        Coin(coin),
        Decimal(strike),
        Decimal(spot),
        volatility,
        None if mean is None else Decimal(mean),
        START,
        END,
        END - timedelta(seconds=seconds_left),
    )
