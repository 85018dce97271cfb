"""What control needs of the world."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from decimal import Decimal
from typing import Protocol

from services.control.domain.overview import (
    AccountView,
    BreakerView,
    MarketView,
    OrderView,
    PositionView,
    ProfitView,
    ServiceView,
    TopView,
)
from services.control.domain.receipt import OrderState, VenueReceipt


class UnavailableError(Exception):
    """The truth cannot be reached now; the text is one line and says what to do."""


class DatabaseAwayError(UnavailableError):
    """Postgres does not answer; it may later."""


class Records(Protocol):
    """The tables, read. Every method raises UnavailableError."""

    async def account(self) -> AccountView | None: ...

    async def markets(self, domain_now: datetime) -> list[MarketView]:
        """Listed markets, current and coming first, without books and spot."""
        ...

    async def orders(self, *, working_only: bool, limit: int) -> list[OrderView]:
        """Newest first."""
        ...

    async def positions(self, *, held_only: bool, limit: int) -> list[PositionView]: ...

    async def profit(self, domain_now: datetime) -> ProfitView: ...

    async def breaker(self, domain_now: datetime) -> BreakerView | None: ...

    async def services(self) -> list[ServiceView]: ...


class Emptying(Protocol):
    """One kill at the venue, by credentials that read and cancel and cannot place."""

    async def strike(self) -> VenueReceipt:
        """Cancels everything, unless the last look found nothing, and looks; what was done until now."""
        ...


BeginEmptying = Callable[[float], Emptying]
"""Given the monotonic seconds of the kill."""


class Switches(Protocol):
    """The acts, each recorded with its actor in the same transaction. Every method raises UnavailableError."""

    async def halt(self, actor: str, reason: str) -> str:
        """The trading state that now holds. Raises DatabaseAwayError after a second; it may be done all the same."""
        ...

    async def resume(self, actor: str, reason: str) -> str: ...

    async def pause(self, actor: str, reason: str) -> str: ...

    async def reset_breaker(self, actor: str, *, force: bool) -> str | None:
        """The trading state that now holds; None, and nothing done, while the day is at its limit without force."""
        ...

    async def open_orders(self) -> list[OrderState]: ...

    async def wait_until_closed(self, order_ids: frozenset[str], wait_seconds: float) -> Mapping[str, OrderState]:
        """Those orders and all open ones, once all are final or the time (wall) is over."""
        ...


class Levels(Protocol):
    """The latest books and prices heard on the bus."""

    def top(self, outcome: str, token: str) -> TopView: ...

    def spot(self, coin: str) -> tuple[Decimal, str] | None:
        """Dollars and source."""
        ...
