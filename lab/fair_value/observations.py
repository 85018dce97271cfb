"""What was known at an instant of a slot, and who won it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal

from shared.domain.fair_value import PriceView
from shared.domain.ids import Coin
from shared.domain.price_history import PriceHistory, view_of


@dataclass(frozen=True, slots=True)
class Tick:
    """A price in dollars: when it was the feed's, and when a client could know it."""

    price: Decimal
    at: datetime
    known_at: datetime


@dataclass(frozen=True, slots=True)
class Slot:
    coin: Coin
    start: datetime
    end: datetime
    strike: Decimal
    up_won: bool


@dataclass(frozen=True, slots=True)
class Observation:
    slot: Slot
    view: PriceView


def every(slots: Iterable[Slot], step: timedelta) -> list[tuple[datetime, Slot]]:
    """Each slot at `step` after its start, and again every `step` until before its end."""
    return [(slot.start + step * n, slot) for slot in slots for n in range(1, -((slot.start - slot.end) // step))]


def observed(coin: Coin, ticks: Sequence[Tick], instants: Iterable[tuple[datetime, Slot]]) -> Iterator[Observation]:
    """Plays the ticks in the order in which they were known: nothing later than an instant is seen at it."""
    history, spot, position = PriceHistory(), None, 0
    arrived = sorted(ticks, key=lambda tick: tick.known_at)
    for now, slot in sorted(instants, key=lambda pair: (pair[0], pair[1].start)):
        while position < len(arrived) and arrived[position].known_at <= now:
            spot = arrived[position]
            history.hear(coin, spot.price, spot.at)
            position += 1
        if spot is None or now - spot.at > timedelta(seconds=30):
            continue
        view = view_of(coin, slot.strike, spot.price, slot.start, slot.end, now, history)
        if view is not None:
            yield Observation(slot, view)


def instant(seconds: float) -> datetime:
    """From unix seconds."""
    return datetime.fromtimestamp(seconds, UTC)
