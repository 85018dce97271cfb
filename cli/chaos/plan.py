"""What is done to a system, and when; the same for the same seed."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from heapq import merge
from operator import attrgetter

from venue_sim.faults.plan import plan as plan_of_faults

GAP_SECONDS = (5.0, 15.0)
SERVICE_PAUSE_SECONDS = (1.0, 15.0)
SERVER_PAUSE_SECONDS = (0.5, 4.0)
SHORTEST_SECONDS = 0.1


class Deed(StrEnum):
    KILL = "kill"
    """SIGKILL; whoever supervises starts it again."""
    PAUSE = "pause"
    """SIGSTOP, and SIGCONT after a while: the process believes that no time has passed."""
    WIPE = "wipe"
    """SIGKILL of the message bus, and every file of its streams is deleted."""
    SWITCH_OFF = "switch off"
    """The kill switch; trading is resumed after a while."""
    FAULT = "fault"
    """One of the venue's known problems (docs/faults.md), over by itself."""


@dataclass(frozen=True, slots=True)
class Blow:
    """One deed at `at_seconds` of wall time since the system was ready; `lasts_seconds` for what has an end; `chance`
    is a fault's, on each occasion."""

    at_seconds: float
    deed: Deed
    target: str
    lasts_seconds: float = 0.0
    chance: float = 1.0


@dataclass(frozen=True, slots=True)
class Targets:
    services: Sequence[str]
    servers: Sequence[str]
    bus: str
    venue: str


@dataclass(frozen=True, slots=True)
class _Kind:
    weight: int
    deed: Deed
    names: Sequence[str]
    lasts_seconds: tuple[float, float] = (0.0, 0.0)


def blows(seed: int, targets: Targets, until_seconds: float) -> Iterator[Blow]:
    """In order of time, about six a minute; most are kills of a service."""
    chance = random.Random(seed)  # noqa: S311 a plan, no secret
    kinds = _kinds(targets)
    at_seconds = 0.0
    while (at_seconds := at_seconds + chance.uniform(*GAP_SECONDS)) < until_seconds:
        kind = chance.choices(kinds, [each.weight for each in kinds])[0]
        name, lasts_seconds = chance.choice(kind.names), chance.uniform(*kind.lasts_seconds)
        yield Blow(round(at_seconds, 2), kind.deed, name, round(lasts_seconds, 2))


def faults(seed: int | None, until_seconds: float) -> Iterator[Blow]:
    """The simulator's own plan of that seed, all of it over by `until_seconds`; nothing without a seed."""
    for planned in () if seed is None else plan_of_faults(seed, until_seconds - SHORTEST_SECONDS):
        seconds = round(min(planned.seconds, until_seconds - planned.at_seconds), 2)
        yield Blow(planned.at_seconds, Deed.FAULT, planned.name, seconds, planned.chance)


def together(*plans: Iterator[Blow]) -> Iterator[Blow]:
    """In order of time."""
    return merge(*plans, key=attrgetter("at_seconds"))


def _kinds(targets: Targets) -> Sequence[_Kind]:
    return (
        _Kind(60, Deed.KILL, targets.services),
        _Kind(14, Deed.PAUSE, targets.services, SERVICE_PAUSE_SECONDS),
        _Kind(10, Deed.KILL, targets.servers),
        _Kind(5, Deed.PAUSE, targets.servers, SERVER_PAUSE_SECONDS),
        _Kind(4, Deed.KILL, [targets.venue]),
        _Kind(3, Deed.WIPE, [targets.bus]),
        _Kind(4, Deed.SWITCH_OFF, ["trading"], SERVICE_PAUSE_SECONDS),
    )
