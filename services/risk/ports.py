"""What risk needs from outside."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from services.risk.domain.causes import Cause, Change, TradingState
from services.risk.domain.highest_bid import Rise
from services.risk.domain.odds import Struck
from services.risk.domain.staleness import Measure
from services.risk.domain.stop_loss import ExitDecision, Exposed
from shared.domain.ids import MarketId, TokenId
from shared.domain.market import Market
from shared.domain.money import Cash, Price, Shares
from shared.domain.order import Order
from shared.messages.risk import Sell


@dataclass(frozen=True, slots=True)
class AccountState:
    """The trading state with its causes, since when the account is killed (None: it is not), how many wall seconds ago
    each service was last seen, and the cost of open positions with the notional of orders that may live."""

    state: TradingState
    causes: tuple[Cause, ...]
    killed_at: datetime | None
    ages_seconds: Mapping[str, float]
    exposure: Cash
    limit: Cash


@dataclass(frozen=True, slots=True)
class Held:
    """A position; `highest_bid` is None where the source does not say."""

    market: MarketId
    token: TokenId
    outcome: str
    shares: Shares
    confirmed_shares: Shares
    cost: Cash
    filled_at: datetime
    version: int
    highest_bid: Price | None


@dataclass(frozen=True, slots=True)
class Guard:
    """What a market's guard says: left early, its entries all over, nobody there to sell to."""

    market: MarketId
    is_exited: bool
    are_entries_closed: bool
    is_awaiting: bool


@dataclass(frozen=True, slots=True)
class Snapshot:
    """Markets that have not ended with their guards and strikes, our orders in them, and what we hold."""

    markets: Sequence[Market]
    orders: Sequence[Order]
    positions: Sequence[Held]
    guards: Sequence[Guard] = ()
    strikes: Sequence[Struck] = ()


class Account(Protocol):
    async def state(self) -> AccountState: ...

    async def apply(self, change: Change) -> None: ...

    async def snapshot(self, now: datetime) -> Snapshot: ...

    async def raise_highest_bid(self, rise: Rise) -> None: ...


class Commands(Protocol):
    """What leaving early asks for."""

    async def close_entries(self, market: MarketId, reason: str, now: datetime) -> None:
        """The guard EXITED and the command to the executor, in one commit."""
        ...

    async def sell(self, command: Sell) -> bool:
        """Whether the stream took it."""
        ...

    async def mark_awaiting(self, market: MarketId, *, is_awaiting: bool) -> None: ...

    async def count_override(self, market: MarketId, token: TokenId) -> None:
        """Fair value held a sale of the position back."""
        ...

    async def alert(self, detail: str) -> None:
        """The operator is told at once; the same words are told once."""
        ...


class ExitReport(Protocol):
    """Where the operator sees exits."""

    def decided(self, exposed: Exposed, decision: ExitDecision, bid: Price | None) -> None: ...

    def offered(self, command: Sell) -> None: ...

    def sale_failed(self, exposed: Exposed, reason: str, *, alerts: bool) -> None: ...


class Venue(Protocol):
    async def open_orders(self) -> int | None:
        """How many the venue shows; None when it cannot be asked."""
        ...

    async def cancel_all(self) -> bool:
        """Whether the venue took the request."""
        ...


class Report(Protocol):
    """Where the operator sees it: log and metrics."""

    def state(self, state: AccountState) -> None: ...

    def freshest_book(self, age_seconds: float | None, measure: Measure) -> None: ...

    def changed(self, change: Change) -> None: ...

    def rose(self, rise: Rise) -> None: ...

    def emptied(self) -> None: ...

    def second_line(self, open_orders: int | None, is_taken: bool) -> None: ...
