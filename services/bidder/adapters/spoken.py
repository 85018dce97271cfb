"""Decisions in words, for a journal."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from services.bidder.domain.decisions import DecisionLog
from services.bidder.domain.plan import Decision, NoEntry, Place
from shared.domain.ids import MarketId


class SpokenDecisions(DecisionLog):
    """Says each decision before it is kept."""

    def __init__(self, say: Callable[[str], None]) -> None:
        super().__init__()
        self._say = say

    def add(self, market: MarketId, decision: Decision, now: datetime) -> None:
        self._say(_words(market, decision))
        super().add(market, decision, now)


def _words(market: MarketId, decision: Decision) -> str:
    match decision:
        case Place():
            act = f"place {decision.rung}/{decision.attempt} {decision.shares}{' taking' if decision.takes else ''}"
        case NoEntry():
            act = f"refuse {decision.reason}"
        case _:
            act = f"cancel {decision.order_id} {decision.reason}"
    return f"{market} {decision.outcome.name}: {act} at {decision.price}"
