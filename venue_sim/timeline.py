"""What is due when: callbacks in domain time and in wall time, run in order by whoever holds the clock."""

import heapq
import itertools
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from venue_sim.clock import DomainTime

Action = Callable[[], None]
_Entry = tuple[int, int, Action]


@dataclass(slots=True)
class Timeline:
    """Instants in milliseconds. Entries of one instant run in the order in which they were added."""

    domain_entries: list[_Entry] = field(default_factory=list[_Entry])
    wall_entries: list[_Entry] = field(default_factory=list[_Entry])
    _sequence: "itertools.count[int]" = field(default_factory=itertools.count)

    def at_domain(self, domain_ms: int, action: Action) -> None:
        heapq.heappush(self.domain_entries, (domain_ms, next(self._sequence), action))

    def at_wall(self, wall_ms: int, action: Action) -> None:
        heapq.heappush(self.wall_entries, (wall_ms, next(self._sequence), action))

    def play(self, items: Iterator[tuple[int, Action]]) -> None:
        """Runs a domain-ordered sequence of (instant, action), one entry in the queue at a time."""
        item = next(items, None)
        if item is None:
            return
        domain_ms, action = item

        def step() -> None:
            action()
            self.play(items)

        self.at_domain(domain_ms, step)

    def run_due(self, wall_ms: int, time: DomainTime | None, limit: int = 500) -> bool:
        """Runs what is due, at most `limit` entries; True when more is due."""
        for _ in range(limit):
            action = self._pop(self.wall_entries, wall_ms)
            if action is None and time is not None:
                action = self._pop(self.domain_entries, time.at(wall_ms))
            if action is None:
                return False
            action()
        return True

    def next_wall_ms(self, time: DomainTime | None) -> float | None:
        """The wall instant at which the next entry falls due."""
        candidates = [float(self.wall_entries[0][0])] if self.wall_entries else []
        if time is not None and self.domain_entries:
            candidates.append(time.wall_of(self.domain_entries[0][0]))
        return min(candidates, default=None)

    @staticmethod
    def _pop(entries: list[_Entry], now_ms: int) -> Action | None:
        if entries and entries[0][0] <= now_ms:
            return heapq.heappop(entries)[2]
        return None
