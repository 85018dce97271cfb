"""What the closed positions say, and how sure that is. Floats only for what is drawn; dollars stay exact."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import TypeVar

from lab.fair_value.scores import Interval, bootstrap
from lab.report.record import Record, Refusals, Trade
from services.settlement.domain.payout import Leg, split_profit
from shared.domain.money import NO_CASH, Cash

K = TypeVar("K", int, str, Decimal)
Z = 1.959964
"""Of a 95 % interval."""
CENT = Decimal("0.01")
FAIR_VALUE_BINS = 10
SURE = 100
"""Closed positions below which a page warns: at a win rate of 0.85 the interval is still 14 points wide."""


@dataclass(frozen=True, slots=True)
class Rate:
    """Wins among `count`; `at` is where it is drawn. `expected` is the win rate at which nothing is gained or lost, or
    the one that was predicted."""

    at: float
    count: int
    wins: int
    rate: Interval
    expected: float


@dataclass(frozen=True, slots=True)
class Group:
    """What one coin or one rung came to. A position counts once for each rung that bought for it."""

    name: str
    positions: int
    wins: int
    profit: Cash


@dataclass(frozen=True, slots=True)
class Point:
    """All profit up to an instant, and how far that lies below the best before."""

    at: datetime
    profit: Cash
    drawdown: Cash


@dataclass(frozen=True, slots=True)
class Comparison:
    """Dollars a market, over the markets in which there is a shadow: means with intervals by resampling markets."""

    markets: int
    maker: Interval
    shadow: Interval
    difference: Interval


@dataclass(frozen=True, slots=True)
class Totals:
    positions: int
    wins: int
    losses: int
    left_early: int
    win_rate: Interval | None
    mean_price: Decimal | None
    profit: Cash
    fees: Cash
    cost: Cash
    deepest_drawdown: Cash
    shadow_profit: Cash
    shadows: int


@dataclass(frozen=True, slots=True)
class Statistics:
    totals: Totals
    equity: Sequence[Point]
    shadow_equity: Sequence[Point]
    by_price: Sequence[Rate]
    by_minute: Sequence[Rate]
    fair_value: Sequence[Rate]
    comparison: Comparison | None
    reasons: Sequence[tuple[str, int]]
    by_coin: Sequence[Group]
    by_rung: Sequence[Group]

    @property
    def is_small(self) -> bool:
        return self.totals.positions < SURE


def statistics_of(record: Record) -> Statistics:
    trades = record.trades
    equity = cumulated((trade.closed_at, trade.profit) for trade in trades)
    shadowed = [(trade.closed_at, trade.shadow_profit) for trade in trades if trade.shadow_profit is not None]
    return Statistics(
        totals=_totals(trades, equity),
        equity=equity,
        shadow_equity=cumulated(shadowed),
        by_price=rates(trades, _price_cent),
        by_minute=rates(trades, lambda trade: int(trade.minute)),
        fair_value=fair_value_rates(trades),
        comparison=compared(trades),
        reasons=reasons_of(record.refusals),
        by_coin=_by_coin(trades),
        by_rung=_by_rung(trades),
    )


def wilson(wins: int, count: int) -> Interval:
    """The 95 % interval of a rate; unlike the normal one it is right near 0 and 1. Raises ZeroDivisionError."""
    share, z_square = wins / count, Z * Z
    middle = (share + z_square / (2 * count)) / (1 + z_square / count)
    half = Z / (1 + z_square / count) * math.sqrt(share * (1 - share) / count + z_square / (4 * count * count))
    return Interval(share, max(0.0, middle - half), min(1.0, middle + half))


def cumulated(results: Iterable[tuple[datetime, Cash]]) -> tuple[Point, ...]:
    """From nothing, in the order given."""
    points: list[Point] = []
    total = best = NO_CASH
    for at, profit in results:
        total += profit
        best = max(best, total)
        points.append(Point(at, total, total - best))
    return tuple(points)


def rates(trades: Iterable[Trade], place: Callable[[Trade], Decimal | int]) -> tuple[Rate, ...]:
    """Win rate at each place, with the mean price paid there: what must be won for nothing to be lost."""
    grouped = _grouped(trades, lambda trade: Decimal(place(trade)))
    return tuple(_rate(float(at), each) for at, each in sorted(grouped.items()))


def fair_value_rates(trades: Iterable[Trade]) -> tuple[Rate, ...]:
    """In tenths of the fair value at the entry: how often that outcome won. A position sold early tells nothing."""
    told = [
        (fair, trade.payout == 1) for trade in trades if (fair := _fair_value(trade)) is not None and _is_told(trade)
    ]
    bins: defaultdict[int, list[tuple[Decimal, bool]]] = defaultdict(list)
    for fair, won in told:
        bins[min(int(fair * FAIR_VALUE_BINS), FAIR_VALUE_BINS - 1)].append((fair, won))
    return tuple(_predicted(bins[index]) for index in sorted(bins))


def compared(trades: Iterable[Trade]) -> Comparison | None:
    """None without a market that has a shadow's result. The positions of a market count together."""
    markets: defaultdict[str, list[Trade]] = defaultdict(list)
    for trade in trades:
        markets[trade.market].append(trade)
    both = [
        (float(_profit(each).value), float(_shadow(each).value))
        for _, each in sorted(markets.items())
        if any(trade.shadow_profit is not None for trade in each)
    ]
    if not both:
        return None
    maker, shadow = [one for one, _ in both], [other for _, other in both]
    difference = [one - other for one, other in both]
    return Comparison(len(both), bootstrap(maker), bootstrap(shadow), bootstrap(difference))


def reasons_of(refusals: Iterable[Refusals]) -> tuple[tuple[str, int], ...]:
    """Looks by reason, most frequent first, then by name."""
    counted: defaultdict[str, int] = defaultdict(int)
    for each in refusals:
        counted[each.reason] += each.looks
    return tuple(sorted(counted.items(), key=lambda item: (-item[1], item[0])))


def _totals(trades: Sequence[Trade], equity: Sequence[Point]) -> Totals:
    wins, losses = sum(trade.is_won for trade in trades), sum(trade.is_lost for trade in trades)
    shadows = [trade.shadow_profit for trade in trades if trade.shadow_profit is not None]
    return Totals(
        positions=len(trades),
        wins=wins,
        losses=losses,
        left_early=sum(trade.left_early for trade in trades),
        win_rate=wilson(wins, len(trades)) if trades else None,
        mean_price=sum((trade.price for trade in trades), Decimal(0)) / len(trades) if trades else None,
        profit=_profit(trades),
        fees=sum((trade.fees for trade in trades), NO_CASH),
        cost=sum((trade.cost for trade in trades), NO_CASH),
        deepest_drawdown=min((point.drawdown for point in equity), default=NO_CASH),
        shadow_profit=sum(shadows, NO_CASH),
        shadows=len(shadows),
    )


def _profit(trades: Iterable[Trade]) -> Cash:
    return sum((trade.profit for trade in trades), NO_CASH)


def _shadow(trades: Iterable[Trade]) -> Cash:
    return sum((trade.shadow_profit for trade in trades if trade.shadow_profit is not None), NO_CASH)


def _price_cent(trade: Trade) -> Decimal:
    return trade.price.quantize(CENT)


def _rate(at: float, trades: Sequence[Trade]) -> Rate:
    wins = sum(trade.is_won for trade in trades)
    paid = sum((trade.price for trade in trades), Decimal(0)) / len(trades)
    return Rate(at, len(trades), wins, wilson(wins, len(trades)), float(paid))


def _fair_value(trade: Trade) -> Decimal | None:
    """At the first purchase."""
    return min(trade.entries, key=lambda entry: entry.at).fair_value


def _is_told(trade: Trade) -> bool:
    """Whether the outcome's end is known, and was not a split."""
    return trade.payout in {Decimal(0), Decimal(1)}


def _predicted(told: Sequence[tuple[Decimal, bool]]) -> Rate:
    mean = float(sum((fair for fair, _ in told), Decimal(0)) / len(told))
    wins = sum(won for _, won in told)
    return Rate(mean, len(told), wins, wilson(wins, len(told)), mean)


def _by_coin(trades: Iterable[Trade]) -> tuple[Group, ...]:
    grouped = _grouped(trades, lambda trade: trade.coin)
    return tuple(
        Group(coin, len(each), sum(trade.is_won for trade in each), _profit(each))
        for coin, each in sorted(grouped.items())
    )


def _by_rung(trades: Iterable[Trade]) -> tuple[Group, ...]:
    """A position's profit is split by the dollars of its orders, to the cent."""
    parts: defaultdict[int, list[tuple[bool, Cash]]] = defaultdict(list)
    for trade in trades:
        for rung, profit in _parts(trade).items():
            parts[rung].append((trade.is_won, profit))
    return tuple(
        Group(
            f"rung {rung + 1}",
            len(each),
            sum(is_won for is_won, _ in each),
            sum((profit for _, profit in each), NO_CASH),
        )
        for rung, each in sorted(parts.items())
    )


def _parts(trade: Trade) -> dict[int, Cash]:
    rungs = {entry.order: entry.rung for entry in trade.entries}
    costs = {order: sum((e.cost for e in trade.entries if e.order == order), NO_CASH) for order in rungs}
    parts: dict[int, Cash] = {}
    for leg in split_profit(trade.profit, [Leg(order, cost) for order, cost in costs.items()]):
        rung = rungs[leg.order_id]
        parts[rung] = parts.get(rung, NO_CASH) + leg.profit
    return parts


def _grouped(trades: Iterable[Trade], key: Callable[[Trade], K]) -> dict[K, list[Trade]]:
    groups: dict[K, list[Trade]] = {}
    for trade in trades:
        groups.setdefault(key(trade), []).append(trade)
    return groups
