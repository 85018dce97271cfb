"""What settlement needs from outside."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import Protocol

from services.settlement.domain.case import Case
from services.settlement.domain.payout import Leg, LegProfit
from services.settlement.domain.redemption import Holding, Wanted
from services.settlement.domain.resolution import Settle, Word
from shared.domain.ids import MarketId, TokenId
from shared.domain.money import Cash


class Settled(StrEnum):
    """How a settlement ended: booked, or why not yet."""

    SETTLED = "settled"
    WAITING_ORDERS = "waiting_orders"
    WAITING_SWEEP = "waiting_sweep"
    UNKNOWN_TOKEN = "unknown_token"  # noqa: S105 a token of a market
    VENUE_SPOKE = "venue_spoke"


@dataclass(frozen=True, slots=True)
class Booking:
    """One row of the settlement table: payout is cash per share, profit what this booking added."""

    settlement_id: int
    market: MarketId
    slug: str
    token: TokenId
    kind: str
    payout: Decimal
    profit: Cash
    source: str
    occurred_at: datetime
    market_end: datetime


class Venue(Protocol):
    async def word_on(self, case: Case) -> Word:
        """One question, bounded in time; whatever goes wrong with it is silence."""
        ...


class Ledger(Protocol):
    async def open_cases(self, now: datetime) -> list[Case]:
        """Markets of the account past their end of which the venue has not spoken, or that got shares since."""
        ...

    async def close_entries(self, market: MarketId) -> None: ...

    async def settle(self, market: MarketId, settlement: Settle, now: datetime) -> Settled: ...

    async def alert(self, detail: str) -> None:
        """The operator is told at once; the same words once."""
        ...

    async def booked_so_far(self) -> tuple[int, Cash]:
        """The newest booking's id (0: none) and the profit of all."""
        ...

    async def booked_after(self, settlement_id: int) -> list[Booking]: ...

    async def legs(self, market: MarketId, token: TokenId) -> Sequence[Leg]: ...


class Tokens(Protocol):
    """What the account holds at the venue after its markets' end, as the tables know it."""

    async def holdings(self, now: datetime) -> list[Holding]:
        """Markets past their end with winning shares or pairs that are still to become cash, all confirmed on chain;
        oldest first."""
        ...

    async def request(self, market: MarketId, wanted: Wanted, now: datetime) -> bool:
        """Row and command in one commit; whether it was new."""
        ...

    async def alert(self, detail: str) -> None:
        """The operator is told at once; the same words once."""
        ...


class CashReport(Protocol):
    """Where the operator sees what is tied up."""

    def redeemable(self, cash: Cash) -> None: ...

    def requested(self, holding: Holding, wanted: Wanted) -> None: ...


class Report(Protocol):
    """Where the operator sees it: log and metrics."""

    def recovered(self, profit: Cash) -> None:
        """What was earned before this process."""
        ...

    def waiting(self, cases: Sequence[Case], now: datetime) -> None: ...

    def deferred(self, case: Case, reason: str) -> None: ...

    def disagreement(self, case: Case, detail: str) -> None:
        """An alert: nothing is settled until the sources agree."""
        ...

    def not_yet(self, case: Case, answer: Settled) -> None: ...

    def settled(self, booking: Booking, legs: Sequence[LegProfit]) -> None: ...
