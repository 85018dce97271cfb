"""Which open orders must go, as a level: asked again it gives the same answer, whatever message was lost."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from services.executor.domain.open_order import OpenOrder


@dataclass(frozen=True, slots=True)
class Unwanted:
    order: OpenOrder
    reason: str


def unwanted(orders: Iterable[OpenOrder], *, state_cancels: bool) -> list[Unwanted]:
    """Entries that the trading state or their market no longer wants and nobody has asked to cancel yet."""
    reasons = ((order, "TRADING_STATE" if state_cancels else order.is_unwanted) for order in orders)
    return [
        Unwanted(order, reason) for order, reason in reasons if reason and order.is_entry and not order.is_cancelling
    ]
