"""Time in the market: seconds with a position or a resting order."""

from __future__ import annotations

from decimal import Decimal

from lab.replay.watched import Watched

MS_A_SECOND = Decimal(1000)


class Occupancy:
    """Of each coin the sum over its markets; `total_seconds` counts an instant once, however many markets are busy."""

    def __init__(self) -> None:
        self._coin_ms: dict[str, int] = {}
        self._total_ms = 0
        self._busy = 0
        self._since_ms = 0

    def mark(self, market: Watched, ms: int, *, is_busy: bool) -> None:
        if is_busy == (market.busy_since_ms is not None):
            return
        if market.busy_since_ms is None:
            market.busy_since_ms = ms
            if not self._busy:
                self._since_ms = ms
            self._busy += 1
            return
        coin = market.market.coin
        self._coin_ms[coin] = self._coin_ms.get(coin, 0) + ms - market.busy_since_ms
        market.busy_since_ms = None
        self._busy -= 1
        if not self._busy:
            self._total_ms += ms - self._since_ms

    @property
    def total_seconds(self) -> Decimal:
        return self._total_ms / MS_A_SECOND

    def coin_seconds(self, coin: str) -> Decimal:
        return self._coin_ms.get(coin, 0) / MS_A_SECOND
