"""A market of ours past its end: what is to be settled, and what was so far."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from shared.domain.ids import TokenId
from shared.domain.market import Market


class Kind(StrEnum):
    """Whose word a settlement stands on: both sources of the venue; one of them or the last bid; nobody. The venue's
    later word corrects the provisional and the forced ones."""

    VENUE = "venue"
    PROVISIONAL = "provisional"
    FORCED = "forced"


@dataclass(frozen=True, slots=True)
class Case:
    """`held` is the outcome most of our shares are of (None: no fill), `first_fill_at` the market's first fill,
    `settled_by` the word it was settled by, `has_unsettled_shares` whether anything waits for its payout."""

    market: Market
    held: TokenId | None
    first_fill_at: datetime | None
    has_unsettled_shares: bool
    is_guarded: bool
    settled_by: Kind | None

    @property
    def tokens(self) -> frozenset[TokenId]:
        return frozenset(outcome.token for outcome in self.market.outcomes)

    @property
    def awaits_venue_alone(self) -> bool:
        """Nothing is left that a guess could pay."""
        return not self.has_unsettled_shares

    def since_end(self, now: datetime) -> timedelta:
        return now - self.market.end
