"""Decisions as they are counted: an answer given again and again is one record with how often it was given."""

from __future__ import annotations

from datetime import datetime

from lab.replay.instants import instant
from lab.replay.records import DecisionRecord
from shared.domain.money import Price

REFUSED = "refused"


class Tally:
    """Of one market. `again` is the fast way to say that nothing changed for either outcome."""

    def __init__(self, market: str, kept: list[DecisionRecord]) -> None:
        self._market = market
        self._kept = kept
        self._open: dict[str, DecisionRecord] = {}
        self._repeats = 0
        self._last_ms = 0

    def again(self, ms: int) -> None:
        self._repeats += 1
        self._last_ms = ms

    def note(
        self, outcome: str, verdict: str, reason: str, price: Price | None, now: datetime
    ) -> DecisionRecord | None:
        """The record where the answer is another than the last one of the outcome."""
        self._count_repeats()
        known = self._open.get(outcome)
        if known is not None and verdict == REFUSED and (known.verdict, known.reason) == (verdict, reason):
            known.repeats += 1
            known.last_at = now
            return None
        record = DecisionRecord(self._market, outcome, verdict, reason, price, 1, now, now)
        self._open[outcome] = record
        self._kept.append(record)
        return record

    def close(self) -> None:
        self._count_repeats()
        self._open.clear()

    def _count_repeats(self) -> None:
        if not self._repeats:
            return
        for record in self._open.values():
            if record.verdict == REFUSED:
                record.repeats += self._repeats
                record.last_at = instant(self._last_ms)
        self._repeats = 0
