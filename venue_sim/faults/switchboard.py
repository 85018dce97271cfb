"""Which faults are on. Whoever could go wrong asks here whether it does now."""

import random
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Annotated

from msgspec import Meta, Struct

from venue_sim.clock import Clock
from venue_sim.faults.catalogue import BY_NAME
from venue_sim.prices import seeded

LONGEST_DELAY_MS = 86_400_000


class Terms(Struct, frozen=True, forbid_unknown_fields=True):
    """`chance` of each occasion, over after so many `times` or wall `seconds`; None is without end.

    `delay_ms` None is the fault's usual one.
    """

    chance: Annotated[float, Meta(gt=0, le=1)] = 1.0
    times: Annotated[int, Meta(ge=1)] | None = None
    seconds: Annotated[float, Meta(gt=0)] | None = None
    delay_ms: Annotated[int, Meta(ge=-LONGEST_DELAY_MS, le=LONGEST_DELAY_MS)] | None = None


class UnknownFaultError(Exception):
    """No fault has this name."""


@dataclass(slots=True)
class _On:
    terms: Terms
    since_ms: int
    number: int
    left: int | None


class Faults:
    """Its choices come from generators of its own, one a fault, so that no other seed's draws move.

    `struck` counts by name, `switched` how often any was switched on.
    """

    def __init__(self, clock: Clock, seed: int = 0) -> None:
        self.struck: Counter[str] = Counter()
        self.switched = 0
        self._clock = clock
        self._seed = seed
        self._on: dict[str, _On] = {}
        self._chances: dict[str, random.Random] = {}
        self._acts: Mapping[str, Callable[[], None]] = {}

    def attach(self, acts: Mapping[str, Callable[[], None]]) -> None:
        """What the faults do that act when they are switched on."""
        self._acts = acts

    def switch_on(self, name: str, terms: Terms | None = None) -> None:
        """Raises UnknownFaultError."""
        fault = BY_NAME.get(name)
        if fault is None:
            raise UnknownFaultError(f"no fault is called {name!r}; GET /sim/faults lists them")
        if fault.once:
            self.struck[name] += 1
            self._acts[name]()
            return
        terms = terms or Terms()
        self.switched += 1
        self._on[name] = _On(terms, self._clock.wall_ms(), self.switched, terms.times)

    def switch_off(self, name: str) -> None:
        """Raises UnknownFaultError."""
        if name not in BY_NAME:
            raise UnknownFaultError(f"no fault is called {name!r}; GET /sim/faults lists them")
        self._on.pop(name, None)

    def terms(self, name: str) -> Terms | None:
        """None when it is off."""
        on = self._find(name)
        return None if on is None else on.terms

    def strikes(self, name: str) -> bool:
        """Does it strike this time? Counts, and draws where there is a chance."""
        on = self._find(name)
        if on is None or not self._draws(name, on.terms.chance):
            return False
        if on.left is not None:
            on.left -= 1
            if not on.left:
                del self._on[name]
        return self._counted(name)

    def picks(self, name: str, key: str) -> bool:
        """Does it strike this thing? The same answer for the same thing as long as it is on; `times` do not count."""
        on = self._find(name)
        picked = on is not None and seeded(self._seed, name, key).random() < on.terms.chance
        return picked and self._counted(name)

    def silences(self, name: str, opened: int) -> bool:
        """Does it hold for a connection that was opened when `switched` was `opened`? Later ones are sound."""
        on = self._find(name)
        silenced = on is not None and opened < on.number
        return silenced and self._counted(name)

    def delays(self, name: str) -> int:
        """By how many milliseconds it strikes this time; 0 when it does not."""
        delay_ms = self.delay_ms(name)
        return delay_ms if self.strikes(name) else 0

    def delay_ms(self, name: str) -> int:
        """Its delay, struck or not; 0 when it is off."""
        on = self._find(name)
        if on is None:
            return 0
        return BY_NAME[name].delay_ms if on.terms.delay_ms is None else on.terms.delay_ms

    def _find(self, name: str) -> _On | None:
        on = self._on.get(name)
        if on is None or on.terms.seconds is None:
            return on
        if self._clock.wall_ms() >= on.since_ms + on.terms.seconds * 1000:
            del self._on[name]
            return None
        return on

    def _counted(self, name: str) -> bool:
        self.struck[name] += 1
        return True

    def _draws(self, name: str, chance: float) -> bool:
        if chance == 1:
            return True
        if name not in self._chances:
            self._chances[name] = seeded(self._seed, "fault", name)
        return self._chances[name].random() < chance
