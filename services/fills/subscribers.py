"""What reaches fills: order facts, tops of books, the user socket, and the passing of time."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable

import structlog

from services.fills.handlers.paper import PaperFills
from services.fills.handlers.shadow import ShadowTaker
from services.fills.handlers.sweep import Sweep
from services.fills.ports import Ledger, LedgerUnavailableError
from shared.bus.facts import Facts
from shared.bus.levels import Newest
from shared.domain.clock import Clock
from shared.messages.discovery import TopChanged
from shared.messages.envelope import Envelope, open_envelope
from shared.messages.executor import EntriesClosed, OrderChanged

SWEEP_PAUSE_SECONDS = 1.0
"""Between two sweeps that are asked for; also how soon a failed one is tried again."""
log = structlog.get_logger()


def subscribe_orders(facts: Facts, paper: PaperFills) -> None:
    async def heard(envelope: Envelope) -> None:
        if envelope.schema != EntriesClosed.SCHEMA:
            await paper.order(open_envelope(OrderChanged, envelope))

    facts.subscribe("orders", heard)


async def follow_tops(tops: Newest[TopChanged], shadow: ShadowTaker, paper: PaperFills | None) -> None:
    """`paper` is None in live mode, where the venue fills."""
    async for top in tops:
        shadow.hear(top)
        if paper is None:
            continue
        try:
            await paper.top(top)
        except LedgerUnavailableError as error:
            log.warning("top_not_looked_at", token=top.token, error=str(error))


async def every(seconds: float, what: str, work: Callable[[], Awaitable[None]]) -> None:
    """Wall seconds. A database that is away is waited for; anything else ends the service."""
    while True:
        try:
            await work()
        except LedgerUnavailableError as error:
            log.warning("round_failed", what=what, error=str(error))
        await asyncio.sleep(seconds)


class Sweeping:
    """Sweeps once a period, and soon when asked: several wishes at once are one sweep."""

    def __init__(self, period_seconds: float) -> None:
        self._period_seconds = period_seconds
        self._reasons: set[str] = set()
        self._wanted = asyncio.Event()
        self.completed_at: float | None = None

    def want(self, reason: str) -> None:
        self._reasons.add(reason)
        self._wanted.set()

    async def run(self, sweep: Sweep, clock: Clock) -> None:
        while True:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(self._period_seconds):
                    await self._wanted.wait()
            reason = ",".join(sorted(self._reasons)) or "period"
            self._wanted.clear()
            self._reasons.clear()
            if await self._is_complete(sweep, reason):
                self.completed_at = clock.monotonic_seconds()
            else:
                self.want("incomplete")
            await asyncio.sleep(SWEEP_PAUSE_SECONDS)

    async def watch(self, ledger: Ledger, clock: Clock) -> None:
        """Asks for a sweep while the table shows that one is due."""
        if await ledger.wants_sweep(clock.now()):
            self.want("table")

    async def _is_complete(self, sweep: Sweep, reason: str) -> bool:
        try:
            return await sweep.run(reason)
        except LedgerUnavailableError as error:
            log.warning("sweep_failed", reason=reason, error=str(error))
            return False
