"""The loop's time as the services and as the venue read it."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from datetime import datetime, timedelta

from shared.domain.clock import ClockOrigin


@dataclass(frozen=True, slots=True)
class VirtualClock:
    """`origin` ties the market's time to the loop's; `epoch` is the wall instant at which the loop began."""

    loop: asyncio.AbstractEventLoop
    epoch: datetime
    origin: ClockOrigin

    @property
    def speed(self) -> float:
        return self.origin.speed

    def now(self) -> datetime:
        return self.origin.domain_at(self.wall())

    def wall(self) -> datetime:
        return self.epoch + timedelta(seconds=self.loop.time())

    def monotonic_seconds(self) -> float:
        return self.loop.time()

    def wall_ms(self) -> int:
        return int(self.wall().timestamp() * 1000)

    def monotonic_ns(self) -> int:
        return int(self.loop.time() * 1e9)
