"""The ladder: which prices, which rung is next, for how many shares (strategy section 4)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal

from shared.domain.money import NO_SHARES, Price, Shares
from shared.domain.order import Order

LADDER_TICK = Decimal("0.01")
"""A market's tick gets finer near the edges. Were the ladder made on the finer tick after a restart, fewer rungs would
be duplicates and an index would name another rung; the coarser tick keeps rung memory true across restarts."""


def rung_prices(lowest: Price, highest: Price, rungs: int, tick: Decimal) -> tuple[Price, ...]:
    """Evenly spaced, ends included, each rounded half up to the tick, ascending, without duplicates."""
    if rungs == 1:
        return (lowest.rounded_half_up(tick),)
    width = highest.value - lowest.value
    exact = (Price(lowest.value + width * index / (rungs - 1)) for index in range(rungs))
    return tuple(dict.fromkeys(price.rounded_half_up(tick) for price in exact))


@dataclass(frozen=True, slots=True)
class Rung:
    """One rung of one outcome and all orders there ever were of it."""

    index: int
    orders: tuple[Order, ...]

    @property
    def attempt(self) -> int:
        return len(self.orders)

    @property
    def filled(self) -> Shares:
        return _sum(order.filled for order in self.orders)

    def unfilled(self) -> Shares | None:
        """What a new order of it may ask for: the first one's size less all fills; None while nothing was filled, since
        then it is sized anew."""
        if not self.filled:
            return None
        first = min(self.orders, key=lambda order: order.attempt)
        return first.shares.less(self.filled)

    def is_filled(self, min_shares: Shares) -> bool:
        """Also when what remains is below the venue's minimum and so can never be bought."""
        unfilled = self.unfilled()
        if unfilled is None:
            return False
        return unfilled < min_shares or any(order.is_rung_filled(min_shares) for order in self.orders)


def next_rung(orders: Iterable[Order], rungs: int, min_shares: Shares) -> Rung | None:
    """The lowest rung that is not filled, None once all are."""
    by_index: dict[int, list[Order]] = {}
    for order in orders:
        by_index.setdefault(order.rung, []).append(order)
    for index in range(rungs):
        rung = Rung(index, tuple(by_index.get(index, ())))
        if not rung.is_filled(min_shares):
            return rung
    return None


def _sum(each: Iterable[Shares]) -> Shares:
    return sum(each, NO_SHARES)
