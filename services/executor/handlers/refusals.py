"""Entries close while the venue refuses account, wallet or key, and open again to look whether it still does."""

from __future__ import annotations

import structlog

from services.executor.domain.lasting_refusal import REMEDIES, LastingRefusal
from services.executor.domain.words import PlaceWord
from services.executor.ports import Guard
from shared.domain.clock import Clock

CAUSE = "venue_refuses"
log = structlog.get_logger()


class HearRefusals:
    """The table follows what was heard, also when it was away: `look` again and again."""

    def __init__(self, guard: Guard, clock: Clock) -> None:
        self._guard = guard
        self._clock = clock
        self._refusal = LastingRefusal()
        self._detail = ""
        self._untold = ""
        self._stands: bool | None = None  # a cause of an earlier life may still stand

    async def hear(self, word: PlaceWord, *, is_exit: bool) -> None:
        """What the venue said to an order. Raises TableUnavailableError."""
        is_news = not self._refusal.pause_seconds
        refused = self._refusal.hear(word, self._clock.monotonic_seconds(), is_exit=is_exit)
        if refused is None:
            return
        remedy = REMEDIES[refused.kind]
        self._detail = f"{refused.reason}; {remedy}"
        log.error("venue_refuses", reason=refused.reason, remedy=remedy, pause_seconds=self._refusal.pause_seconds)
        if is_news:
            self._untold = f"Entries are closed since {self._clock.wall():%Y-%m-%d %H:%M:%S} UTC: {self._detail}"
        await self.look()

    async def look(self) -> None:
        """Raises TableUnavailableError."""
        self._refusal.open_if_due(self._clock.monotonic_seconds())
        if self._refusal.is_closed != self._stands:
            await self._follow()
        if self._untold:
            await self._guard.alert(self._untold)
            self._untold = ""

    async def _follow(self) -> None:
        """What rests stays: it is bid as it was, and can be cancelled."""
        is_closed = self._refusal.is_closed
        if is_closed:
            await self._guard.set_cause(CAUSE, "reducing", self._detail[:500], cancels=False)
        else:
            await self._guard.clear_cause(CAUSE)
        self._stands = is_closed
