"""A cache that serves what it once had, while its fault is on."""

from collections.abc import Callable
from typing import Generic, TypeVar

from venue_sim.clock import Clock
from venue_sim.faults.switchboard import Faults

Value = TypeVar("Value")
Key = tuple[str, ...]


class Stale(Generic[Value]):
    """Keeps what was shown last for the fault's delay (wall); does nothing while the fault is off."""

    def __init__(self, faults: Faults, clock: Clock, name: str) -> None:
        self._faults = faults
        self._clock = clock
        self._name = name
        self._kept: dict[Key, tuple[int, Value]] = {}

    def shown(self, key: Key, now: Value) -> Value:
        """The kept value where the fault strikes, else the one of now."""
        delay_ms = self._faults.delay_ms(self._name)
        if not delay_ms:
            self._kept.clear()
            return now
        wall_ms = self._clock.wall_ms()
        kept_ms, kept = self._kept.setdefault(key, (wall_ms, now))
        if wall_ms - kept_ms < delay_ms and self._faults.strikes(self._name):
            return kept
        self._kept[key] = (wall_ms, now)
        return now

    def forget(self, which: Callable[[Key], bool]) -> None:
        for key in [key for key in self._kept if which(key)]:
            del self._kept[key]
