"""The venue's dead-man switch: beats chained by id; ten seconds without one and it cancels everything of ours."""

from __future__ import annotations

from typing import assert_never

import structlog

from services.executor.domain.words import Beaten, BeatFailed, BeatMismatch
from services.executor.ports import Guard, Heart, Meter
from shared.domain.clock import Clock

CAUSE = "heartbeat"
PERIOD_SECONDS = 5.0
RETRY_SECONDS = 0.5
FAILURES_TOLERATED = 1
BEATS_ALONE = 2
"""Taken in a row after another engine's: it beats as often as we do, so a whole period without one of its beats says
that it is gone."""
CHAIN_LAPSED = ""
log = structlog.get_logger()


class Heartbeat:
    """`beat` once a period. Entries close when it fails twice in a row, or when somebody else beats for our key.

    A mismatch is somebody else only where the venue itself had named the id that it refuses. At a start it is our own
    earlier chain; after a beat without an answer that beat was taken; an empty id says that we were silent too long.
    """

    def __init__(self, heart: Heart, guard: Guard, clock: Clock, meter: Meter) -> None:
        self._heart = heart
        self._guard = guard
        self._clock = clock
        self._meter = meter
        self._next_id = ""
        self._is_named = False
        self._is_closed = True  # a cause of an earlier life may still stand
        self._is_told = False
        self._failures = 0
        self._beats_to_open = 1

    async def beat(self) -> float:
        """The wall seconds until the next one is due. Raises TableUnavailableError."""
        word = await self._heart.beat(self._next_id)
        self._meter.heartbeat(is_taken=isinstance(word, Beaten), wall_seconds=self._clock.wall().timestamp())
        match word:
            case Beaten(next_id):
                self._take(next_id)
                await self._open()
                return PERIOD_SECONDS
            case BeatMismatch(expected):
                is_foreign = self._is_named and expected != CHAIN_LAPSED
                self._take(expected)
                if is_foreign:
                    await self._close("another engine beats for this key", BEATS_ALONE)
                else:
                    log.warning("heartbeat_resumed", has_lapsed=expected == CHAIN_LAPSED)
                return RETRY_SECONDS
            case BeatFailed(reason):
                self._failures += 1
                self._is_named = False
                log.warning("heartbeat_failed", reason=reason, failures=self._failures)
                if self._failures > FAILURES_TOLERATED:
                    await self._close(reason, 1)
                return RETRY_SECONDS
            case _:
                assert_never(word)

    def _take(self, named_id: str) -> None:
        """The venue answered and named the id to go on from."""
        self._next_id, self._is_named, self._failures = named_id, True, 0

    async def _close(self, detail: str, beats_to_open: int) -> None:
        self._is_closed, self._beats_to_open = True, max(beats_to_open, self._beats_to_open)
        if not self._is_told:
            log.error("heartbeat_lost", reason=detail)
        self._is_told = True
        await self._guard.set_cause(CAUSE, "reducing", detail[:500], cancels=True)

    async def _open(self) -> None:
        self._beats_to_open -= 1
        if self._is_closed and self._beats_to_open <= 0:
            await self._guard.clear_cause(CAUSE)
            self._is_closed = self._is_told = False
