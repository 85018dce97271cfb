"""The venue emptied with credentials that read and cancel, and cannot place."""

from __future__ import annotations

from services.control.domain.receipt import VenueReceipt
from shared.domain.clock import Clock
from shared.venue.clob import ClobClient
from shared.venue.emptying import Emptying


class VenueEmptying:
    def __init__(self, client: ClobClient, clock: Clock, since_seconds: float) -> None:
        self._emptying = Emptying(client, clock, since_seconds)

    async def strike(self) -> VenueReceipt:
        await self._emptying.strike()
        so_far = self._emptying.so_far
        return VenueReceipt(so_far.cancelled, so_far.open_now, so_far.empty_ms, so_far.problem)
