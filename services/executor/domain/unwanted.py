"""Which open orders must go, as a level: asked again it gives the same answer, whatever message was lost."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from services.executor.domain.open_order import OpenOrder


@dataclass(frozen=True, slots=True)
class Unwanted:
    order: OpenOrder
    reason: str


def unwanted(orders: Iterable[OpenOrder], *, state_cancels: bool, is_watched: bool = True) -> list[Unwanted]:
    """Entries that the trading state or their market no longer wants, or that a watcher left alone, and that nobody has
    asked to cancel yet."""
    everywhere = "TRADING_STATE" if state_cancels else "" if is_watched else "SERVICE_MISSING"
    reasons = ((order, everywhere or order.is_unwanted) for order in orders)
    return [
        Unwanted(order, reason) for order, reason in reasons if reason and order.is_entry and not order.is_cancelling
    ]
