"""What fills needs from outside."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Protocol

from services.fills.domain.matching import KnownOrder
from services.fills.domain.paper import PaperOrder
from services.fills.domain.shadow import FirstFill, Shadow
from services.fills.domain.sightings import Booking, FillSeen, OrderSeen
from shared.domain.ids import MarketId, OrderId, VenueOrderId
from shared.domain.market import Market
from shared.domain.money import Shares

Kick = Callable[[], None]
"""Publish what was just committed."""


class LedgerUnavailableError(RuntimeError):
    """The database did not answer, or refused the write of a stale holder. Booking again later is harmless."""


class VenueSilentError(RuntimeError):
    """The venue gave no usable answer, or one of which a part cannot be read: nothing is proven by it."""


class Ledger(Protocol):
    """Postgres, through the named functions. Each method is one statement; raises LedgerUnavailableError."""

    async def book(self, booking: Booking) -> str:
        """booked, seen, confirmed, reversed, failed, too_late; parked: oversize, oversold."""
        ...

    async def park(self, seen: FillSeen, reason: str) -> None: ...

    async def resolve_parked(self, seen: FillSeen) -> bool:
        """Whether a parked fill of that identity was still open; it is not any more."""
        ...

    async def apply(self, order: OrderId, event: str, matched: Shares, reason: str, occurred_at: datetime) -> None: ...

    async def mark_swept(self, until: datetime) -> None: ...

    async def known_orders(self, venue_orders: Sequence[VenueOrderId]) -> list[KnownOrder]:
        """Of those ids, the ones that were ever ours."""
        ...

    async def working_orders(self, market: MarketId) -> list[KnownOrder]: ...

    async def paper_orders(self) -> list[PaperOrder]:
        """Resting buys and immediate orders, all of them."""
        ...

    async def markets_to_sweep(self) -> list[MarketId]:
        """Not settled yet, or with a fill that is neither confirmed nor failed."""
        ...

    async def wants_sweep(self, domain_now: datetime) -> bool:
        """Whether the venue is known to have more than we booked, or a market ended after the last sweep."""
        ...

    async def market(self, market: MarketId) -> Market | None: ...


class ShadowBook(Protocol):
    """The shadow's own table; nothing of the account is in it. Raises LedgerUnavailableError."""

    async def shadows_due(self) -> list[FirstFill]:
        """The first fill of every market that has no shadow yet."""
        ...

    async def enter_shadow(self, shadow: Shadow) -> bool:
        """Whether the market had none before: one a market, the first stays."""
        ...


class Books(Ledger, ShadowBook, Protocol):
    """Both in one, as Postgres has them."""


class VenueRecord(Protocol):
    """The venue's own record of trades and open orders. Raises VenueSilentError."""

    async def fills(self, market: MarketId) -> list[FillSeen]: ...

    async def open_orders(self) -> list[OrderSeen]: ...


class Meter(Protocol):
    """Counts and times; seconds are wall time."""

    def booked(self, result: str, source: str, seconds: float) -> None:
        """`result` as of `Ledger.book`, `seconds` from the fill heard to the answer."""
        ...

    def parked(self, reason: str) -> None: ...

    def swept(self, *, is_complete: bool, seconds: float) -> None: ...

    def foreign_order(self) -> None: ...

    def shadow(self, result: str) -> None: ...
