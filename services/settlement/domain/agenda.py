"""Which markets to look at now: the most overdue first, none before its time."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from services.settlement.domain.case import Case
from shared.domain.ids import MarketId


class Agenda:
    """When each market is looked at next (domain time); one that was never looked at is due since its end."""

    def __init__(self) -> None:
        self._next: dict[MarketId, datetime] = {}

    def due(self, cases: Iterable[Case], now: datetime) -> list[Case]:
        """The most overdue first; markets that are no case any more are forgotten."""
        known = {case.market.market: case for case in cases}
        self._next = {market: at for market, at in self._next.items() if market in known}
        waiting = sorted((self._next.get(market, case.market.end), market) for market, case in known.items())
        return [known[market] for at, market in waiting if at <= now]

    def postpone(self, market: MarketId, until: datetime) -> None:
        self._next[market] = until

    def prompt(self, market: MarketId) -> None:
        """Something happened there: due at once."""
        self._next.pop(market, None)
