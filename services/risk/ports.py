"""What risk needs from outside."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from services.risk.domain.causes import Cause, Change, TradingState
from services.risk.domain.highest_bid import Rise
from services.risk.domain.staleness import Measure
from shared.domain.ids import MarketId, TokenId
from shared.domain.market import Market
from shared.domain.money import Cash, Price, Shares
from shared.domain.order import Order


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
    market: MarketId
    token: TokenId
    shares: Shares
    version: int
    highest_bid: Price | None


@dataclass(frozen=True, slots=True)
class Snapshot:
    """Markets that have not ended, our orders in them, and what we hold."""

    markets: Sequence[Market]
    orders: Sequence[Order]
    positions: Sequence[Held]


class Account(Protocol):
    async def state(self) -> AccountState: ...

    async def apply(self, change: Change) -> None: ...

    async def snapshot(self, now: datetime) -> Snapshot: ...

    async def raise_highest_bid(self, rise: Rise) -> None: ...


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
