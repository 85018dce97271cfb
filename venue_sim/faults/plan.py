"""A schedule of faults, the same for the same seed; a longer one begins with the shorter."""

import random
from collections.abc import Sequence
from dataclasses import dataclass

from venue_sim.faults.catalogue import FAULTS, Fault
from venue_sim.prices import seeded

GAP_SECONDS = (2.0, 12.0)
POST_ONLY_SECONDS = 120.0
"""After a restart of matching, as the venue says."""


@dataclass(frozen=True, slots=True)
class Planned:
    """A fault that goes on `at_seconds` (wall) after domain time began and is over `seconds` later.

    `chance` of each occasion. A fault that acts once has no length.
    """

    at_seconds: float
    name: str
    chance: float
    seconds: float


def plan(seed: int, length_seconds: float, names: Sequence[str] | None = None) -> tuple[Planned, ...]:
    """Ordered by instant, all before `length_seconds`. `names` narrows it to some faults; unknown ones are ignored."""
    chosen = [fault for fault in FAULTS if names is None or fault.name in names]
    chance = seeded(seed, "plan of faults")
    planned: list[Planned] = []
    at_seconds = chance.uniform(*GAP_SECONDS)
    while chosen and at_seconds < length_seconds:
        planned += _drawn(chance.choice(chosen), at_seconds, chance)
        at_seconds += chance.uniform(*GAP_SECONDS)
    return tuple(sorted((each for each in planned if each.at_seconds < length_seconds), key=_instant))


def _drawn(fault: Fault, at_seconds: float, chance: random.Random) -> list[Planned]:
    likely, seconds = round(chance.uniform(*fault.chances), 2), round(chance.uniform(*fault.seconds), 1)
    start = round(at_seconds, 2)
    if fault.once:
        return [Planned(start, fault.name, 1.0, 0.0)]
    drawn = [Planned(start, fault.name, likely, seconds)]
    if fault.name == "restarting":
        drawn.append(Planned(round(start + seconds, 2), "post_only", 1.0, POST_ONLY_SECONDS))
    return drawn


def _instant(planned: Planned) -> tuple[float, str]:
    return planned.at_seconds, planned.name
