"""When a paper order fills: three conditions of strategy section 8, over the tops of real books."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from shared.domain.book import Top
from shared.domain.money import Price

TIGHT_SPREAD = Decimal("0.03")


@dataclass(frozen=True, slots=True)
class Resting:
    """A paper order at rest. `best_since` is the domain instant since which it stood at the best bid of a tight book
    without a break, None while it does not."""

    price: Price
    best_since: datetime | None = None


def is_crossed(price: Price, top: Top) -> bool:
    """The ask came to the order's price."""
    return top.ask is not None and top.ask.price <= price


def is_bid_through(price: Price, top: Top) -> bool:
    """The bid fell below the order's price. No bid is not a lower bid."""
    return top.bid is not None and top.bid.price < price


def is_best_of_tight_book(price: Price, top: Top) -> bool:
    spread = top.spread()
    return top.bid is not None and top.bid.price <= price and spread is not None and spread <= TIGHT_SPREAD


def watch(resting: Resting, top: Top | None, now: datetime) -> Resting:
    """The order after a look at the top; an unknown book is a break."""
    if top is None or not is_best_of_tight_book(resting.price, top):
        return Resting(resting.price)
    return resting if resting.best_since is not None else Resting(resting.price, now)


def fills(resting: Resting, top: Top | None, now: datetime, wait_seconds: float) -> bool:
    """Whether the whole order fills now, at its own price."""
    if top is None:
        return False
    if is_crossed(resting.price, top) or is_bid_through(resting.price, top):
        return True
    return resting.best_since is not None and (now - resting.best_since).total_seconds() >= wait_seconds
