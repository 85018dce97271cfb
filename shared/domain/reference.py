"""The coin's price against the price to beat."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

UP = "Up"


@dataclass(frozen=True, slots=True)
class Strike:
    """The settlement feed's value at the slot's start, dollars, and how it was come by."""

    price: Decimal
    provenance: str


@dataclass(frozen=True, slots=True)
class Spot:
    """The coin's latest price, dollars."""

    price: Decimal
    at: datetime


def up_move_pct(strike: Decimal, spot: Decimal) -> Decimal | None:
    """Percent change since the strike. None for a price that cannot be one: no move can be told from it."""
    if strike <= 0 or spot <= 0:
        return None
    return (spot - strike) / strike * 100


def directional(up_move: Decimal, outcome: str) -> Decimal:
    """The move in the outcome's favour: the sign is flipped for Down."""
    return up_move if outcome == UP else -up_move
