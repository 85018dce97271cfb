"""The strike: the settlement feed's value at the slot's start, with its provenance (strategy section 2)."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from enum import StrEnum

EXACT_TICK_WAIT = timedelta(seconds=3)
"""The exact tick arrives about a second late; about 3 % never come (protocol sheet, section 4)."""
PRIOR_TICK_AGE_MAX = timedelta(seconds=5)
KEPT_TICKS = 300


class Provenance(StrEnum):
    EXACT = "exact"
    PRIOR = "prior"
    METADATA = "metadata"


@dataclass(frozen=True, slots=True)
class AverageTick:
    """The 60 s average in dollars at a domain instant."""

    value: Decimal
    at: datetime
    source: str


@dataclass(frozen=True, slots=True)
class Strike:
    price: Decimal
    source: str
    provenance: Provenance
    tick_at: datetime


@dataclass(slots=True)
class AverageHistory:
    """The last averages of one coin, oldest first, bounded."""

    ticks: deque[AverageTick] = field(default_factory=lambda: deque[AverageTick](maxlen=KEPT_TICKS))

    def add(self, tick: AverageTick) -> None:
        """Ticks come in order; an older one than the last is history we hold already."""
        if not self.ticks or tick.at > self.ticks[-1].at:
            self.ticks.append(tick)


def strike_at(start: datetime, ticks: Iterable[AverageTick], now: datetime) -> Strike | None:
    """The tick stamped exactly at the start; after a wait, the nearest prior one, flagged; else not known yet."""
    prior: AverageTick | None = None
    for tick in ticks:
        if tick.at == start:
            return Strike(tick.value, tick.source, Provenance.EXACT, tick.at)
        if tick.at < start:
            prior = tick
    if prior is None or now < start + EXACT_TICK_WAIT or start - prior.at > PRIOR_TICK_AGE_MAX:
        return None
    return Strike(prior.value, prior.source, Provenance.PRIOR, prior.at)
