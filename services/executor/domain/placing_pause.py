"""Whether orders may be placed now, by what the venue's latest answers say of the venue itself.

Protocol sheet, sections 2.6, 2.8 and 8: 425 while matching restarts, two minutes of 503 `post_only_mode` after it, 503
while no orders are taken, 429 with Retry-After above the budget. Instants are monotonic seconds.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from services.executor.domain.open_order import Instruction
from services.executor.domain.words import Accepted, Duplicated, NotSent, PlaceWord, Rejected, Uncertain

FIRST_SECONDS = 1.0
"""The venue's own example of a Retry-After."""
LONGEST_SECONDS = 30.0
"""The venue's own ceiling for trying again after 425."""
WISH_LONGEST_SECONDS = 120.0
"""No wish for a pause is followed for longer than the longest state that the venue documents."""
RESTARTING = "VENUE_RESTARTING"
TAKES_NO_ORDERS = "VENUE_TAKES_NO_ORDERS"
POST_ONLY = "VENUE_POST_ONLY"
RATE_LIMIT = "VENUE_RATE_LIMIT"
PAUSE_REASONS = (RESTARTING, TAKES_NO_ORDERS, POST_ONLY, RATE_LIMIT)
MATCHING = {"restarting": RESTARTING, "trading_disabled": TAKES_NO_ORDERS}
"""By how the venue's reason begins."""


@dataclass(slots=True)
class Pace:
    """One try after each pause, each pause twice as long as the one before, until a try is taken. `reason` is empty
    while nothing is held; an answer to what was written before `since_seconds` says nothing of the time after it."""

    reason: str = ""
    pause_seconds: float = 0.0
    since_seconds: float = float("-inf")
    due_seconds: float = float("-inf")

    def left_seconds(self, now_seconds: float) -> float:
        return max(0.0, self.due_seconds - now_seconds)

    def try_now(self, now_seconds: float) -> None:
        """Nobody else until it was answered, or as long as this again has passed."""
        if self.reason:
            self.due_seconds = now_seconds + self.pause_seconds

    def hold(self, reason: str, wish_seconds: float, written_at_seconds: float, now_seconds: float) -> None:
        wish_seconds = min(wish_seconds, WISH_LONGEST_SECONDS)
        if written_at_seconds >= self.since_seconds:
            self.pause_seconds = min(max(2 * self.pause_seconds, FIRST_SECONDS), LONGEST_SECONDS)
            self.reason, self.since_seconds = reason, now_seconds
            self.due_seconds = now_seconds + self.pause_seconds
        self.due_seconds = max(self.due_seconds, now_seconds + wish_seconds)

    def open(self, written_at_seconds: float) -> None:
        if written_at_seconds >= self.since_seconds:
            self.reason, self.pause_seconds, self.due_seconds = "", 0.0, float("-inf")


@dataclass(slots=True)
class PlacingPause:
    """Three things that the venue may be short of. `matching` holds everything back that is placed, `takers` what does
    not rest, `entries` leaves the venue's budget to exits. Cancels are asked of nobody here."""

    matching: Pace = field(default_factory=Pace)
    takers: Pace = field(default_factory=Pace)
    entries: Pace = field(default_factory=Pace)

    def refusal(self, wanted: Instruction, now_seconds: float) -> str | None:
        """Why it must not be placed now, or None."""
        return next((pace.reason for pace in self._of(wanted) if pace.left_seconds(now_seconds)), None)

    def left_seconds(self, wanted: Instruction, now_seconds: float) -> float:
        """Until it may be tried."""
        return max(pace.left_seconds(now_seconds) for pace in self._of(wanted))

    def try_now(self, wanted: Instruction, now_seconds: float) -> None:
        """It is being written: after a pause, it is the one try."""
        for pace in self._of(wanted):
            pace.try_now(now_seconds)

    def hear(self, word: PlaceWord, wanted: Instruction, written_at_seconds: float, now_seconds: float) -> None:
        """An answer to bytes that were written then."""
        match word:
            case Rejected() | Uncertain() if word.kind in MATCHING:
                self.matching.hold(MATCHING[word.kind], _wish(word), written_at_seconds, now_seconds)
            case Rejected() | Uncertain() if word.kind == "post_only_mode":
                self.takers.hold(POST_ONLY, _wish(word), written_at_seconds, now_seconds)
                self.matching.open(written_at_seconds)
            case Uncertain() if _concerns_all(word):
                self.entries.hold(RATE_LIMIT, _wish(word), written_at_seconds, now_seconds)
            case Accepted() | Rejected() | Duplicated():
                for pace in self._of(wanted):
                    pace.open(written_at_seconds)
            case Uncertain() | NotSent():
                pass

    def reason(self) -> str:
        """Why anything is held back, empty while nothing is."""
        return self.matching.reason or self.entries.reason or self.takers.reason

    def _of(self, wanted: Instruction) -> Iterator[Pace]:
        yield self.matching
        if not wanted.post_only:
            yield self.takers
        if not wanted.is_exit:
            yield self.entries


def _wish(word: Rejected | Uncertain) -> float:
    return (word.retry_after_seconds if isinstance(word, Uncertain) else None) or 0.0


def _concerns_all(word: Uncertain) -> bool:
    """Without an instant to come back at it is of one token, or of nobody knows what."""
    return word.kind == "rate_limited" and word.retry_after_seconds is not None
