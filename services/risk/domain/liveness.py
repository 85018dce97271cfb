"""Who watches our entries: each service renews its instant every second. Design section 2."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from services.risk.domain.causes import SERVICE_MISSING, Cause, TradingState

WATCHED: tuple[str, ...] = ("discovery", "bidder", "fills")
"""Risk's own instant is checked by the reservation, the executor's death by the venue's heartbeat."""
MISSING_AFTER_SECONDS = 5.0


@dataclass(frozen=True, slots=True)
class Roll:
    """Who is missing, and whose absence is too young to tell."""

    missing: tuple[Cause, ...]
    undecided: frozenset[str]


def roll_call(ages_seconds: Mapping[str, float], watched_for_seconds: float) -> Roll:
    """`ages_seconds`: wall seconds since each service's last sign of life. One that was already silent when this watch
    began gets the same time to show up as any other."""
    silent = [name for name in WATCHED if ages_seconds.get(name, float("inf")) > MISSING_AFTER_SECONDS]
    if watched_for_seconds <= MISSING_AFTER_SECONDS:
        return Roll((), frozenset(SERVICE_MISSING + name for name in silent))
    return Roll(tuple(_missing(name, ages_seconds.get(name)) for name in silent), frozenset())


def _missing(name: str, age_seconds: float | None) -> Cause:
    detail = "never seen" if age_seconds is None else f"silent for more than {MISSING_AFTER_SECONDS:g} s"
    return Cause(SERVICE_MISSING + name, TradingState.REDUCING, cancels=True, detail=detail)
