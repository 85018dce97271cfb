"""What is done to a simulated system, and when; the same for the same seed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from random import Random

from cli.simulate.chance import seeded
from shared.fault_points import PASSED
from venue_sim.faults.catalogue import FAULTS

TROUBLE_SECONDS = 30.0
READY_SECONDS = 3.0
GAP_SECONDS = (1.5, 8.0)
FAULT_GAP_SECONDS = (0.8, 5.0)
PAUSE_SECONDS = (0.5, 14.0)
AWAY_SECONDS = (0.3, 6.0)
WEATHER_SECONDS = (2.0, 12.0)
OFF_SECONDS = (0.5, 8.0)
TWIN_SECONDS = (2.0, 14.0)
TWINS = ("executor", "fills", "risk", "settlement")
"""Those of which one is the active one, by its lease."""
TWIN_WHILE = ("kill", "pause", "pause", "")
"""What becomes of the first one."""
SERVICES = ("executor", "fills", "settlement", "risk", "discovery", "bidder")
SERVERS = ("postgres", "nats", "memory", "venue")
WEATHERS = ("request_lost", *3 * ("request_stuck",), "answer_lost", "slow", "frame_lost", "frame_repeated")


class Deed(StrEnum):
    KILL = "kill"
    CRASH = "crash"
    """Armed; the service dies when it next reaches the point."""
    PAUSE = "pause"
    """No step of it runs for a while, and it does not know."""
    STOP = "stop"
    """Asked politely; whoever supervises starts it again."""
    LOSE = "lose"
    """A server dies and comes back after a while."""
    WIPE = "wipe"
    """The message bus loses every stream."""
    POWER = "power"
    """Everything of ours dies in one instant; the bus loses what had not reached its disk."""
    SWITCH_OFF = "switch off"
    TWIN = "twin"
    """A second process of a service that holds a lease, beside the first, which then dies or is paused."""
    WEATHER = "weather"
    """The network to the venue loses, delays or repeats for a while."""
    FAULT = "fault"
    """One of the venue's known problems, by its name in `venue_sim.faults`."""


@dataclass(frozen=True, slots=True)
class Blow:
    """`detail` is a fault point of a crash, `times` how often it is reached before; of a twin what becomes of the first
    one. `chance` is that of a fault, on each occasion."""

    at_seconds: float
    deed: Deed
    target: str
    lasts_seconds: float = 0.0
    detail: str = ""
    times: int = 1
    chance: float = 1.0

    def __str__(self) -> str:
        parts = [f"{self.at_seconds:.2f} s: {self.deed} {self.target}"]
        parts += [f"at {self.detail}, time {self.times}"] if self.deed is Deed.CRASH else []
        parts += [f"and {self.detail} the first"] if self.deed is Deed.TWIN and self.detail else []
        parts += [f"for {self.lasts_seconds:g} s"] if self.lasts_seconds else []
        return " ".join(parts)


WEIGHTS: Mapping[Deed, int] = {
    Deed.KILL: 20,
    Deed.CRASH: 32,
    Deed.PAUSE: 10,
    Deed.STOP: 6,
    Deed.LOSE: 12,
    Deed.WIPE: 3,
    Deed.POWER: 3,
    Deed.SWITCH_OFF: 3,
    Deed.TWIN: 16,
    Deed.WEATHER: 22,
}
"""Of all but faults, which have a row of their own."""


def blows(seed: int, until_seconds: float) -> Sequence[Blow]:
    """In order of time; the first comes when everything is ready."""
    chance, faulty = seeded(seed, "plan"), seeded(seed, "faults")
    struck = [
        _blow(chance, at_seconds, chance.choices(tuple(WEIGHTS), tuple(WEIGHTS.values()))[0])
        for at_seconds in _instants(chance, GAP_SECONDS, until_seconds)
    ]
    faults = [_fault(faulty, at_seconds) for at_seconds in _instants(faulty, FAULT_GAP_SECONDS, until_seconds)]
    return sorted([*struck, *faults], key=lambda blow: blow.at_seconds)


def _instants(chance: Random, gap_seconds: tuple[float, float], until_seconds: float) -> Iterator[float]:
    at_seconds = READY_SECONDS
    while (at_seconds := round(at_seconds + chance.uniform(*gap_seconds), 3)) < until_seconds:
        yield at_seconds


def _fault(chance: Random, at_seconds: float) -> Blow:
    fault = chance.choice(FAULTS)
    likely, seconds = round(chance.uniform(*fault.chances), 2), round(chance.uniform(*fault.seconds), 2)
    return Blow(at_seconds, Deed.FAULT, fault.name, seconds, chance=likely)


def _blow(chance: Random, at_seconds: float, deed: Deed) -> Blow:  # noqa: PLR0911 one deed a case
    def lasting(bounds: tuple[float, float]) -> float:
        return round(chance.uniform(*bounds), 2)

    match deed:
        case Deed.KILL | Deed.STOP:
            return Blow(at_seconds, deed, chance.choice(SERVICES))
        case Deed.CRASH:
            name = chance.choices(SERVICES, (60, 20, 8, 6, 3, 3))[0]
            return Blow(at_seconds, deed, name, detail=chance.choice(PASSED[name]), times=chance.randint(1, 2))
        case Deed.PAUSE:
            return Blow(at_seconds, deed, chance.choice(SERVICES), lasting(PAUSE_SECONDS))
        case Deed.LOSE:
            return Blow(at_seconds, deed, chance.choice(SERVERS), lasting(AWAY_SECONDS))
        case Deed.WIPE:
            return Blow(at_seconds, deed, "nats", lasting(AWAY_SECONDS))
        case Deed.POWER:
            return Blow(at_seconds, deed, "everything", lasting(AWAY_SECONDS))
        case Deed.SWITCH_OFF:
            return Blow(at_seconds, deed, "trading", lasting(OFF_SECONDS))
        case Deed.WEATHER:
            return Blow(at_seconds, deed, chance.choice(WEATHERS), lasting(WEATHER_SECONDS))
        case Deed.FAULT:
            return _fault(chance, at_seconds)
        case Deed.TWIN:
            name, fate = chance.choice(TWINS), chance.choice(TWIN_WHILE)
            return Blow(at_seconds, deed, name, lasting(TWIN_SECONDS), fate)
