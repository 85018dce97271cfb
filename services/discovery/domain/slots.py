"""Which slots are looked for, and when to look again (strategy section 2). All times are domain time."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from shared.domain.ids import Coin

BEFORE_BOUNDARY_SECONDS = 10.0
AFTER_BOUNDARY_SECONDS = 1.0
RETRY_SECONDS = 5.0


@dataclass(frozen=True, slots=True)
class WantedSlot:
    """A place on the venue's grid; start and end of a market are its own, never taken from here."""

    coin: Coin
    minutes: int
    start: datetime


def wanted_slots(now: datetime, coins: Iterable[Coin], durations: Iterable[int]) -> tuple[WantedSlot, ...]:
    """The current and the next slot of each coin and duration (minutes)."""
    minutes = tuple(durations)
    return tuple(
        WantedSlot(coin, each, start)
        for coin in coins
        for each in minutes
        for start in (slot_start(now, each), slot_start(now, each) + timedelta(minutes=each))
    )


def slot_start(now: datetime, minutes: int) -> datetime:
    """The venue's grid is aligned to the epoch."""
    seconds = int(now.timestamp())
    return datetime.fromtimestamp(seconds - seconds % (minutes * 60), UTC)


def seconds_to_next_look(now: datetime, durations: Iterable[int], interval_seconds: float, is_complete: bool) -> float:
    """Until the regular look, or earlier: shortly before and after the next boundary, and soon when something that was
    looked for is still missing."""
    waits = [interval_seconds if is_complete else min(interval_seconds, RETRY_SECONDS)]
    for minutes in durations:
        started = slot_start(now, minutes)
        for boundary in (started, started + timedelta(minutes=minutes)):
            waits.append((boundary - now).total_seconds() - BEFORE_BOUNDARY_SECONDS)
            waits.append((boundary - now).total_seconds() + AFTER_BOUNDARY_SECONDS)
    return min(wait for wait in waits if wait > 0)
