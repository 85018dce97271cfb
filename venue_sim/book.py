"""The one book of a market, kept in the Up frame: buying Up at p and selling Down at 1 - p are the same level."""

from collections.abc import Iterator
from dataclasses import dataclass, field

from venue_sim.orders import BookSide, Order
from venue_sim.units import ONE

Levels = dict[int, int]
LOT = 10_000


@dataclass(slots=True)
class Level:
    """`stated` is what the flow last said rests here, `flow` what is left of it after our accounts took some."""

    stated: int = 0
    flow: int = 0
    orders: list[Order] = field(default_factory=list[Order])

    @property
    def shares(self) -> int:
        return self.flow + sum(order.remaining for order in self.orders)

    def queue(self) -> Iterator[tuple[Order | None, int]]:
        """(order or None for the flow, shares) in the sequence in which they are filled."""
        passed = 0
        for order in self.orders:
            in_front = min(order.ahead, self.flow) - passed
            if in_front > 0:
                passed += in_front
                yield None, in_front
            yield order, order.remaining
        if self.flow > passed:
            yield None, self.flow - passed


@dataclass(slots=True)
class Fill:
    """A taker's planned fill against one maker (None is the flow) at one Up-frame price."""

    price: int
    order: Order | None
    shares: int


class Book:
    """Levels by Up-frame price in 1/10000; sizes in base units, the flow's in whole lots of 0.01 share."""

    def __init__(self) -> None:
        self.sides: dict[BookSide, dict[int, Level]] = {"bid": {}, "ask": {}}
        self.shown: dict[BookSide, Levels] = {"bid": {}, "ask": {}}
        self.changed_ms = 0
        self.last_trade: int | None = None

    def best(self, side: BookSide) -> int | None:
        prices = [price for price, level in self.sides[side].items() if level.flow or level.orders]
        if not prices:
            return None
        return max(prices) if side == "bid" else min(prices)

    def best_stated(self, side: BookSide) -> int | None:
        """The flow's own best price, whatever our accounts did to it."""
        prices = [price for price, level in self.sides[side].items() if level.stated]
        if not prices:
            return None
        return max(prices) if side == "bid" else min(prices)

    def levels(self, side: BookSide) -> Levels:
        """Shares by price, flow and accounts together, empty levels left out."""
        sizes = {price: level.shares for price, level in self.sides[side].items()}
        return {price: shares for price, shares in sizes.items() if shares}

    def crosses(self, side: BookSide, price: int) -> bool:
        """Would an order of `side` at this Up-frame price find something to take?"""
        opposite = self.best(other(side))
        return opposite is not None and reaches(side, price, opposite)

    def add(self, order: Order) -> None:
        level = self._level(order.terms.book_side, order.terms.book_price)
        order.ahead = level.flow
        best = self.best_stated(order.terms.book_side)
        order.touched = best is not None and reaches(other(order.terms.book_side), order.terms.book_price, best)
        level.orders.append(order)

    def remove(self, order: Order) -> None:
        level = self.sides[order.terms.book_side].get(order.terms.book_price)
        if level is not None and order in level.orders:
            level.orders.remove(order)
            self._drop_if_empty(order.terms.book_side, order.terms.book_price)

    def orders(self, side: BookSide) -> list[Order]:
        """Resting orders of accounts, best price first, then oldest first."""
        prices = sorted(self.sides[side], reverse=side == "bid")
        return [order for price in prices for order in self.sides[side][price].orders]

    def plan(
        self, side: BookSide, limit: int, shares: int, *, flow: bool = True, cash: int | None = None, outcome: int = 0
    ) -> list[Fill]:
        """Fills of an incoming order, price then time, at the makers' prices.

        Bounded by `shares`, or by `cash` at the price of the taker's own `outcome`. Without `flow` only accounts fill.
        """
        resting = other(side)
        fills: list[Fill] = []
        for price in sorted(self.sides[resting], reverse=resting == "bid"):
            if not reaches(side, limit, price):
                break
            own_price = price if outcome == 0 else ONE - price
            for order, size in self.sides[resting][price].queue():
                if order is None and not flow:
                    continue
                room = shares if cash is None else cash * ONE // own_price // LOT * LOT
                take = min(size, room)
                if take <= 0:
                    return fills
                fills.append(Fill(price, order, take))
                shares -= take
                if cash is not None:
                    cash -= take * own_price // ONE
        return fills

    def consume_flow(self, resting: BookSide, price: int, shares: int, *, by_flow: bool) -> None:
        """Takes the front of the flow's shares at a level; whoever stood behind them moves up.

        The flow knows what it took itself; what an account took stays in its statement, as a recording's would.
        """
        level = self.sides[resting][price]
        level.flow -= shares
        if by_flow:
            level.stated -= shares
        for order in level.orders:
            order.ahead = max(0, order.ahead - shares)
        self._drop_if_empty(resting, price)

    def acknowledge_takes(self) -> None:
        """The flow notices what accounts took from it and may refill."""
        for levels in self.sides.values():
            for level in levels.values():
                level.stated = level.flow

    def settle_order(self, order: Order) -> None:
        """After a fill: a finished order leaves its level."""
        if order.remaining <= 0:
            self.remove(order)

    def shrink_flow(self, side: BookSide, stated: Levels) -> Levels:
        """Takes the flow down to what it now states; returns by how much each level wants to grow."""
        growth: Levels = {}
        for price in set(self.sides[side]) | set(stated):
            level = self._level(side, price)
            wanted = stated.get(price, 0)
            if wanted > level.stated:
                growth[price] = wanted - level.stated
            level.stated = wanted
            level.flow = min(level.flow, wanted)
            for order in level.orders:
                order.ahead = min(order.ahead, level.flow)
            self._drop_if_empty(side, price)
        return growth

    def grow_flow(self, side: BookSide, price: int, shares: int) -> None:
        self._level(side, price).flow += shares

    def mark_touched(self) -> None:
        """Remembers which orders the flow's own best price has reached: only those can be left behind by it."""
        for side in self.sides:
            best = self.best_stated(side)
            if best is None:
                continue
            for level in self.sides[side].values():
                for order in level.orders:
                    order.touched = order.touched or reaches(other(side), order.terms.book_price, best)

    def left_behind(self, side: BookSide) -> list[Order]:
        """Orders whose level the flow has given up: its best is now worse than their price."""
        best = self.best_stated(side)
        return [
            order
            for order in self.orders(side)
            if order.touched and (best is None or not reaches(other(side), order.terms.book_price, best))
        ]

    def take_changes(self) -> list[tuple[BookSide, int, int]]:
        """(side, price, shares now) of every level that differs from what was last shown; shows it."""
        changes: list[tuple[BookSide, int, int]] = []
        for side in self.sides:
            now, before = self.levels(side), self.shown[side]
            prices = [price for price in {**before, **now} if before.get(price) != now.get(price)]
            changes.extend((side, price, now.get(price, 0)) for price in prices)
            self.shown[side] = now
        return changes

    def clear_flow(self) -> None:
        for side in self.sides:
            self.shrink_flow(side, {})

    def _level(self, side: BookSide, price: int) -> Level:
        return self.sides[side].setdefault(price, Level())

    def _drop_if_empty(self, side: BookSide, price: int) -> None:
        level = self.sides[side].get(price)
        if level is not None and not (level.flow or level.stated or level.orders):
            del self.sides[side][price]


def other(side: BookSide) -> BookSide:
    return "ask" if side == "bid" else "bid"


def reaches(side: BookSide, limit: int, price: int) -> bool:
    """Is `price` on the other side within the limit of an incoming order of `side`?"""
    return price <= limit if side == "bid" else price >= limit
