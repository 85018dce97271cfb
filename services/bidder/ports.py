"""What the bidder needs of the world."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from services.bidder.domain.decisions import Episode
from services.bidder.domain.market_state import Flags, Holding
from shared.domain.ids import MarketId
from shared.domain.market import Market
from shared.domain.order import Order
from shared.domain.reference import Strike
from shared.messages.envelope import Envelope


@dataclass(frozen=True, slots=True)
class Tables:
    """What the database says: every market that is not over, with its orders, positions, strikes and flags."""

    markets: Sequence[Market]
    orders: Sequence[Order]
    holdings: Sequence[tuple[MarketId, Holding]]
    strikes: Sequence[tuple[MarketId, Strike]]
    flags: Sequence[tuple[MarketId, Flags]]


class Intents(Protocol):
    def send(self, subject: str, envelope: Envelope) -> None:
        """On its way at once, without waiting for the stream's word; what is lost is planned again."""
        ...


class Records(Protocol):
    async def read(self, since: datetime) -> Tables:
        """Markets whose slot ends after `since` (domain time), and those that wait for their settlement."""
        ...


class Decisions(Protocol):
    async def write(self, episodes: Sequence[Episode]) -> None:
        """Repeats are added to those of the same episode."""
        ...

    async def prune(self, before: datetime) -> None:
        """Forgets what ended before that instant (domain time), and of each market all but the newest."""
        ...
