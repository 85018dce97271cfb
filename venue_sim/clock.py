"""The simulator's two times: wall (real) and domain (slots), the latter at a chosen speed."""

import time
from dataclasses import dataclass
from typing import Protocol


class Clock(Protocol):
    """Where the simulator reads the machine's time; tests inject their own."""

    def wall_ms(self) -> int: ...

    def monotonic_ns(self) -> int: ...


class SystemClock:
    """Real time."""

    def wall_ms(self) -> int:
        return time.time_ns() // 1_000_000

    def monotonic_ns(self) -> int:
        return time.monotonic_ns()


@dataclass(frozen=True, slots=True)
class DomainTime:
    """domain = origin_domain + (wall - origin_wall) * speed, all in milliseconds."""

    origin_wall_ms: int
    origin_domain_ms: int
    speed: float

    def at(self, wall_ms: int) -> int:
        return self.origin_domain_ms + int((wall_ms - self.origin_wall_ms) * self.speed)

    def wall_of(self, domain_ms: int) -> float:
        """The wall instant (ms) at which the domain reads `domain_ms`."""
        return self.origin_wall_ms + (domain_ms - self.origin_domain_ms) / self.speed
