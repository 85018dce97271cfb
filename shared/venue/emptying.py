"""Everything of ours at the venue cancelled, with credentials that read and cancel and cannot place: what a kill does
first while the tables are away."""

from __future__ import annotations

from dataclasses import dataclass

from shared.domain.clock import Clock
from shared.domain.ids import VenueOrderId
from shared.venue.clob import ClobClient
from shared.venue.errors import VenueFrameError, VenueUnreachableError


@dataclass(frozen=True, slots=True)
class Emptied:
    """`open_now` as the venue shows it, None where it could not be asked; `problem` says why. `empty_ms` are the wall
    milliseconds from the kill to the look that found nothing, and None while something is open."""

    cancelled: int
    open_now: int | None
    empty_ms: int | None
    problem: str

    @property
    def is_empty(self) -> bool:
        return self.open_now == 0


class Emptying:
    """`strike` again and again: an order that was on its way shows itself only later. `since_seconds` is monotonic."""

    def __init__(self, client: ClobClient, clock: Clock, since_seconds: float) -> None:
        self._client = client
        self._clock = clock
        self._since_seconds = since_seconds
        self._cancelled: frozenset[VenueOrderId] = frozenset()
        self.so_far = Emptied(0, None, None, "not asked yet")

    async def strike(self) -> None:
        """Cancels, unless the last look found nothing, and looks."""
        problem = "" if self.so_far.is_empty else await self._cancel()
        try:
            orders = await self._client.open_orders()
        except (VenueUnreachableError, VenueFrameError) as error:
            self._tell(None, str(error))
        else:
            self._tell(len(orders.items) + len(orders.malformed), problem)

    async def _cancel(self) -> str:
        answer = await self._client.cancel_all()
        self._cancelled |= answer.cancelled
        return str(answer.problem or "")

    def _tell(self, open_now: int | None, problem: str) -> None:
        empty_ms = self.so_far.empty_ms
        if open_now != 0:
            empty_ms = None
        elif empty_ms is None:
            empty_ms = round((self._clock.monotonic_seconds() - self._since_seconds) * 1000)
        self.so_far = Emptied(len(self._cancelled), open_now, empty_ms, problem)
