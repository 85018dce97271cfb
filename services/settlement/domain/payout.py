"""What each leg of a position earned: the profit split by the dollars each one cost."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import ROUND_DOWN

from shared.domain.ids import OrderId
from shared.domain.money import CENT, NO_CASH, Cash


@dataclass(frozen=True, slots=True)
class Leg:
    """The part of a position that one order bought."""

    order_id: OrderId
    cost: Cash


@dataclass(frozen=True, slots=True)
class LegProfit:
    order_id: OrderId
    profit: Cash


def split_profit(profit: Cash, legs: Sequence[Leg]) -> list[LegProfit]:
    """To the cent, in the legs' order; the largest leg (the first of equals) takes what rounding leaves over, so that
    the parts sum to the profit's cents. No leg, no part; legs that cost nothing leave all to the first."""
    if not legs:
        return []
    whole = profit.to_cents()
    parts = [_share(whole, leg, sum((each.cost for each in legs), NO_CASH)) for leg in legs]
    largest = max(range(len(legs)), key=lambda index: legs[index].cost)
    parts[largest] += whole - sum(parts, NO_CASH)
    return [LegProfit(leg.order_id, part) for leg, part in zip(legs, parts, strict=True)]


def _share(whole: Cash, leg: Leg, total: Cash) -> Cash:
    if total == NO_CASH:
        return NO_CASH
    return Cash((whole.value * leg.cost.value / total.value).quantize(CENT, ROUND_DOWN))
