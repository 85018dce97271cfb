"""What was heard of each coin's price lately: how much it moves, and its mean since an instant."""

from __future__ import annotations

import math
from bisect import bisect_right
from collections import deque
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

from shared.domain.fair_value import PriceView
from shared.domain.ids import Coin

AVERAGING = timedelta(seconds=60)
"""The venue's result and strike are means over this long."""

SECOND = timedelta(seconds=1)
TICKS_KEPT = 150
"""One a second at most, so more than twice the averaging."""

# The feed is smooth: over one second it shows 7/10 of its pace, over ten nearly all. A silence of more than a minute
# tells nothing of the pace within it. The hour scored best where fitting is allowed (docs/fair-value.md).
RETURN_SECONDS = 10
LONGEST_RETURN_SECONDS = 60
VOLATILITY_WINDOW = timedelta(minutes=60)
LEAST_HEARD_SECONDS = 300
MICROSECOND = timedelta(microseconds=1)
MICROSECONDS = Decimal(1_000_000)


@dataclass(frozen=True, slots=True)
class _Tick:
    """`area` is the integral of the price in force, dollar seconds, from the first tick up to this one."""

    at: datetime
    price: Decimal
    area: Decimal


@dataclass(frozen=True, slots=True)
class _Return:
    at: datetime
    squared: float
    seconds: float


class PriceHistory:
    """Bounded memory of the spots of each coin; the caller brings the instants, domain time."""

    def __init__(self) -> None:
        self._coins: dict[Coin, _CoinHistory] = {}

    def hear(self, coin: Coin, price: Decimal, at: datetime) -> None:
        """A price that is not above 0, or not later than the last one, is left out."""
        if price <= 0:
            return
        heard = self._coins.get(coin)
        if heard is None:
            heard = self._coins[coin] = _CoinHistory()
        heard.hear(price, at)

    def volatility(self, coin: Coin, now: datetime) -> float | None:
        """Standard deviation of the log return over one second, from the last hour; None under five minutes of it."""
        heard = self._coins.get(coin)
        return heard.volatility(now) if heard else None

    def mean_since(self, coin: Coin, since: datetime, now: datetime) -> Decimal | None:
        """Mean of the price in force over [since, now], dollars; None before `since` and where over half is unknown."""
        heard = self._coins.get(coin)
        return heard.mean(since, now) if heard else None


class _CoinHistory:
    def __init__(self) -> None:
        self._ticks: deque[_Tick] = deque(maxlen=TICKS_KEPT)
        self._returns: deque[_Return] = deque()
        self._anchor: tuple[datetime, float] | None = None
        self._summed: tuple[float, float] | None = None

    def hear(self, price: Decimal, at: datetime) -> None:
        if self._ticks and at - self._ticks[-1].at < SECOND:
            return
        area = self._area_at(self._ticks[-1], at) if self._ticks else Decimal(0)
        self._ticks.append(_Tick(at, price, area))
        self._add_return(float(price), at)

    def volatility(self, now: datetime) -> float | None:
        self._forget(now)
        squared, seconds = self._sums()
        if seconds < LEAST_HEARD_SECONDS:
            return None
        return math.sqrt(squared / seconds)

    def mean(self, since: datetime, now: datetime) -> Decimal | None:
        first, last = self._in_force(since) or self._first_after(since), self._in_force(now)
        if first is None or last is None or now <= since:
            return None
        begin = max(since, first.at)
        if now - begin < (now - since) / 2:
            return None
        return (self._area_at(last, now) - self._area_at(first, begin)) / _seconds(now - begin)

    def _add_return(self, price: float, at: datetime) -> None:
        anchor, self._anchor = self._anchor, self._anchor or (at, price)
        if anchor is None or (seconds := (at - anchor[0]).total_seconds()) < RETURN_SECONDS:
            return
        self._anchor = (at, price)
        if seconds <= LONGEST_RETURN_SECONDS:
            self._returns.append(_Return(at, math.log(price / anchor[1]) ** 2, seconds))
            self._summed = None

    def _forget(self, now: datetime) -> None:
        while self._returns and self._returns[0].at < now - VOLATILITY_WINDOW:
            self._returns.popleft()
            self._summed = None

    def _sums(self) -> tuple[float, float]:
        """Of the squares and of the seconds; anew, not by difference: no rounding piles up. Only when somebody asks."""
        if self._summed is None:
            self._summed = sum(each.squared for each in self._returns), sum(each.seconds for each in self._returns)
        return self._summed

    def _in_force(self, at: datetime) -> _Tick | None:
        index = bisect_right(self._ticks, at, key=_instant)
        return self._ticks[index - 1] if index else None

    def _first_after(self, at: datetime) -> _Tick | None:
        index = bisect_right(self._ticks, at, key=_instant)
        return self._ticks[index] if index < len(self._ticks) else None

    @staticmethod
    def _area_at(tick: _Tick, at: datetime) -> Decimal:
        return tick.area + tick.price * _seconds(at - tick.at)


def view_of(
    coin: Coin,
    strike: Decimal,
    spot: Decimal,
    start: datetime,
    end: datetime,
    now: datetime,
    history: PriceHistory,
) -> PriceView | None:
    """What a fair value may look at, or None where strike or spot cannot be a price."""
    if strike <= 0 or spot <= 0:
        return None
    mean = history.mean_since(coin, end - AVERAGING, min(now, end)) if now > end - AVERAGING else None
    return PriceView(coin, strike, spot, history.volatility(coin, now), mean, start, end, now)


def _instant(tick: _Tick) -> datetime:
    return tick.at


def _seconds(span: timedelta) -> Decimal:
    return (span // MICROSECOND) / MICROSECONDS
