"""What a kill was asked for and what it did."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from cli.errors import EXIT_FAILED, EXIT_NOT_HALTED, EXIT_OK
from shared.venue.emptying import Emptied


@dataclass(frozen=True, slots=True)
class Wish:
    """No account means all of them."""

    account: str | None
    actor: str
    reason: str
    wait_seconds: float


@dataclass(frozen=True, slots=True)
class Receipt:
    """Times are wall milliseconds since the kill began. In the tables: `trading_state` by account and `halted_ms` once
    it is committed, orders open before and now. `venue` is None where the tables answered: then the executor cancels.
    `problem` says why the tables do not have the kill."""

    trading_state: Mapping[str, str] = field(default_factory=dict[str, str])
    halted_ms: float | None = None
    open_before: int | None = None
    open_now: int | None = None
    closed_ms: float | None = None
    venue: Emptied | None = None
    problem: str = ""

    @property
    def is_halted(self) -> bool:
        return self.halted_ms is not None

    @property
    def exit_code(self) -> int:
        if self.is_halted and self.open_now == 0:
            return EXIT_OK
        if not self.is_halted and self.venue is not None and self.venue.is_empty:
            return EXIT_NOT_HALTED
        return EXIT_FAILED

    def as_document(self, again: str) -> dict[str, Any]:
        """`again` is the command to give once Postgres is back."""
        venue = None if self.venue is None else {
            "cancelled": self.venue.cancelled, "open_now": self.venue.open_now, "empty_ms": self.venue.empty_ms,
            "problem": self.venue.problem or None,
        }  # fmt: skip
        return {
            "halted": self.is_halted,
            "trading_state": self.trading_state,
            "open_before": self.open_before,
            "open_now": self.open_now,
            "halted_ms": self.halted_ms,
            "closed_ms": self.closed_ms,
            "venue": venue,
            "problem": self.problem or None,
            "again": None if self.is_halted else again,
        }

    def lines(self, again: str) -> list[str]:
        return [*self._venue_lines(), *(self._table_lines() if self.is_halted else self._missing_lines(again))]

    def _venue_lines(self) -> list[str]:
        venue = self.venue
        if venue is None:
            return []
        if venue.is_empty:
            after = "" if venue.empty_ms is None else f" after {venue.empty_ms} ms"
            return [f"at the venue: {venue.cancelled} orders cancelled, nothing of ours is open{after}"]
        left = "what is open is not known" if venue.open_now is None else f"{venue.open_now} still are open"
        return [f"at the venue: {venue.cancelled} orders cancelled, {left}; {venue.problem or 'the venue goes on'}"]

    def _table_lines(self) -> list[str]:
        left = "not known how many" if self.open_now is None else self.open_now
        done = f"halted in {self.halted_ms} ms: {self.open_before} orders were open, {left} still are"
        return [f"{done}; `tdmaker resume` takes it back"]

    def _missing_lines(self, again: str) -> list[str]:
        return [
            f"not halted: {self.problem or 'Postgres does not answer'}",
            "without Postgres the executor cannot place, but trading goes on when it is back; then give it again:",
            again,
        ]
