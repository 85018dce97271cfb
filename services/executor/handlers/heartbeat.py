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
log = structlog.get_logger()


class Heartbeat:
    """`beat` once a period. Entries close when it fails twice in a row, or when somebody else beats for our key.

    At a start a mismatch is our own earlier chain, after a failure the beat whose answer was lost.
    """

    def __init__(self, heart: Heart, guard: Guard, clock: Clock, meter: Meter) -> None:
        self._heart = heart
        self._guard = guard
        self._clock = clock
        self._meter = meter
        self._next_id = ""
        self._has_beaten = False
        self._is_closed = True  # a cause of an earlier life may still stand
        self._failures = 0

    async def beat(self) -> float:
        """The wall seconds until the next one is due. Raises TableUnavailableError."""
        word = await self._heart.beat(self._next_id)
        self._meter.heartbeat(is_taken=isinstance(word, Beaten), wall_seconds=self._clock.wall().timestamp())
        match word:
            case Beaten(next_id):
                self._next_id, self._has_beaten, self._failures = next_id, True, 0
                await self._open()
                return PERIOD_SECONDS
            case BeatMismatch(expected):
                self._next_id = expected
                if self._has_beaten and not self._failures:
                    await self._close("another engine beats for this key")
                return RETRY_SECONDS
            case BeatFailed(reason):
                self._failures += 1
                log.warning("heartbeat_failed", reason=reason, failures=self._failures)
                if self._failures > FAILURES_TOLERATED:
                    await self._close(reason)
                return RETRY_SECONDS
            case _:
                assert_never(word)

    async def _close(self, detail: str) -> None:
        self._is_closed = True
        log.error("heartbeat_lost", reason=detail)
        await self._guard.set_cause(CAUSE, "reducing", detail[:500], cancels=True)

    async def _open(self) -> None:
        if self._is_closed:
            await self._guard.clear_cause(CAUSE)
            self._is_closed = False
