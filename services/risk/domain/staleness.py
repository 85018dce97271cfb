"""How old the freshest usable book is, and what that forbids. Strategy section 10; all seconds are domain time."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import IntEnum

from services.risk.domain.causes import STALE_BOOKS, Cause, TradingState
from shared.domain.ids import MarketId
from shared.messages.discovery import TopChanged

MARKETS_MAX = 1000
"""Books of markets that nobody listed to us are kept up to here, the one heard of longest ago goes first."""


class Measure(IntEnum):
    """From nothing to the harshest; each contains the ones before it."""

    NONE = 0
    NO_ENTRIES = 1
    CANCEL = 2
    RESTART_FEED = 3


@dataclass(frozen=True, slots=True)
class Limits:
    no_entries_seconds: float
    cancel_seconds: float
    restart_seconds: float

    def measure(self, age_seconds: float | None) -> Measure:
        """Without an age, because no market is in its slot, nothing is stale."""
        if age_seconds is None or age_seconds <= self.no_entries_seconds:
            return Measure.NONE
        if age_seconds <= self.cancel_seconds:
            return Measure.NO_ENTRIES
        return Measure.CANCEL if age_seconds <= self.restart_seconds else Measure.RESTART_FEED


@dataclass(frozen=True, slots=True)
class SlotTimes:
    start: datetime
    end: datetime

    def contains(self, now: datetime) -> bool:
        return self.start <= now < self.end


class FreshestBook:
    """The last sign of life among the books of markets in their slot.

    A book without bids and asks is none. What a market showed while it was in its slot still counts after its end, or
    every slot would begin with an alarm; and an absence of books is counted from when there was a market to show some.
    """

    def __init__(self) -> None:
        self._slots: dict[MarketId, SlotTimes] = {}
        self._seen: dict[MarketId, datetime] = {}
        self._last: datetime | None = None
        self._watched_since: datetime | None = None

    def know(self, market: MarketId, slot: SlotTimes) -> None:
        self._slots[market] = slot

    def hear(self, top: TopChanged) -> None:
        if not top.known or not (top.bids or top.asks):
            return
        self._seen[top.market] = max(top.seen_at, self._seen.pop(top.market, top.seen_at))
        while len(self._seen) > MARKETS_MAX:
            del self._seen[next(iter(self._seen))]
        slot = self._slots.get(top.market)
        if slot is not None and slot.contains(top.seen_at):
            self._last = max(top.seen_at, self._last or top.seen_at)

    def age_seconds(self, now: datetime) -> float | None:
        """None while no market is in its slot. Markets past their end are forgotten."""
        current = [market for market, slot in self._slots.items() if slot.contains(now)]
        self._fold_in(current)
        self._forget(now)
        if not current:
            self._watched_since = None
            return None
        self._watched_since = self._watched_since or now
        since = max(self._watched_since, self._last or self._watched_since)
        return max(0.0, (now - since).total_seconds())

    def _fold_in(self, current: list[MarketId]) -> None:
        seen = [self._seen[market] for market in current if market in self._seen]
        self._last = max([*seen, *([self._last] if self._last else [])], default=None)

    def _forget(self, now: datetime) -> None:
        for market in [market for market, slot in self._slots.items() if slot.end <= now]:
            del self._slots[market]
            self._seen.pop(market, None)


def stale_cause(measure: Measure, age_seconds: float | None) -> Cause | None:
    if measure is Measure.NONE:
        return None
    cancels = measure >= Measure.CANCEL
    detail = f"freshest book {age_seconds or 0:.0f} s old"
    return Cause(STALE_BOOKS, TradingState.REDUCING, cancels, detail)
