"""Whether an order may leave at this instant: the last look, taken in the step that writes to the socket."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

ACTIVE = "active"
HALTED = "halted"


@dataclass(slots=True)
class Gate:
    """The trading state as last heard, by whichever way came first; closed until anything was heard."""

    state: str = HALTED
    cancels: bool = False
    version: int = -1

    def hear(self, state: str, version: int, *, cancels: bool) -> bool:
        """Takes a newer announcement. Says whether resting entries have to go because of it."""
        if version <= self.version:
            return False
        self.state, self.cancels, self.version = state, cancels, version
        return cancels

    def refusal(
        self, valid_until: datetime, wall_now: datetime, *, lease_is_fresh: bool, is_exit: bool = False
    ) -> str | None:
        """Why these bytes must not be written now, or None. An exit shrinks what is at risk: only `halted` stops it."""
        if self.state == HALTED or (self.state != ACTIVE and not is_exit):
            return "HALTED"
        if not lease_is_fresh:
            return "LEASE_STALE"
        return "EXPIRED_INTENT" if wall_now > valid_until else None
