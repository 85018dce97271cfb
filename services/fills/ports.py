"""What fills needs from outside."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from services.fills.domain.adoption import LostOrder
from services.fills.domain.dollars import OwnCash, Payout, ShownCash
from services.fills.domain.matching import KnownOrder
from services.fills.domain.paper import PaperOrder
from services.fills.domain.proof import Difference, OwnSide, VenueSide
from services.fills.domain.shadow import FirstFill, Shadow
from services.fills.domain.sightings import Booking, FillSeen, OrderSeen
from shared.domain.ids import MarketId, OrderId, TokenId, VenueOrderId
from shared.domain.market import Market, ProtocolVersion
from shared.domain.money import Shares
from shared.domain.order import OrderStatus

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

    async def swept_until(self) -> datetime | None:
        """Domain time; None where no sweep was ever complete."""
        ...

    async def listed(self, markets: Sequence[MarketId]) -> frozenset[MarketId]:
        """Those of which our tables have ever heard."""
        ...

    async def adopt(self, lost: LostOrder, status: OrderStatus) -> str:
        """Its name in our table from now on; unknown_market; not_yet while the executor has not dealt with the orphans
        of its start."""
        ...

    async def alert(self, detail: str) -> None: ...


class CaseBook(Protocol):
    """Cases of what nothing explains. Raises LedgerUnavailableError."""

    async def own_side(self) -> OwnSide: ...

    async def own_differences(self) -> list[Difference]:
        """Of the ledger with itself."""
        ...

    async def open_cases(self) -> list[tuple[str, str]]:
        """Kind and subject."""
        ...

    async def open_case(self, difference: Difference) -> bool:
        """Whether it was not open yet. Entries are closed with it."""
        ...

    async def close_case(self, kind: str, subject: str) -> bool:
        """Whether it was open. Entries open with the last one."""
        ...


class CashBook(Protocol):
    """The wallet's dollars as the ledger explains them. Raises LedgerUnavailableError."""

    async def own_cash(self) -> OwnCash: ...

    async def state_cash(self, cash: int, own: OwnCash) -> None:
        """Both sides agreed on `cash`, in units, once all was counted that `own` counts."""
        ...

    async def mark_paid_out(self, tokens: Sequence[TokenId]) -> None:
        """What they pay so far is cash; they are asked about no more."""
        ...


class ShadowBook(Protocol):
    """The shadow's own table; nothing of the account is in it. Raises LedgerUnavailableError."""

    async def shadows_due(self) -> list[FirstFill]:
        """The first fill of every market that has no shadow yet."""
        ...

    async def enter_shadow(self, shadow: Shadow) -> bool:
        """Whether the market had none before: one a market, the first stays."""
        ...


class Books(Ledger, ShadowBook, CaseBook, CashBook, Protocol):
    """All in one, as Postgres has them."""


@dataclass(frozen=True, slots=True)
class Traded:
    """Fills of ours by the venue's trades. `unread` says why there may be more; empty when all could be read."""

    fills: Sequence[FillSeen]
    unread: str = ""


class VenueRecord(Protocol):
    """The venue's own record of trades, orders and balances. Raises VenueSilentError."""

    async def fills(self, market: MarketId) -> Traded: ...

    async def fills_since(self, instant: datetime) -> Traded:
        """Of every market, from a domain instant on."""
        ...

    async def open_orders(self) -> list[OrderSeen]: ...

    async def order(self, venue_order: VenueOrderId) -> LostOrder | None:
        """None where the venue does not show it (any more)."""
        ...

    async def side(self, own: OwnSide) -> VenueSide:
        """What it shows of the markets and tokens of our side."""
        ...

    async def look_again(self, token: TokenId, version: ProtocolVersion) -> None:
        """Asks the venue to read the token's balance anew from the chain."""
        ...

    async def cash(self, payouts: Sequence[Payout]) -> ShownCash:
        """The wallet's dollars, and the balances of those tokens of which it says any."""
        ...

    async def look_again_at_cash(self, payouts: Sequence[Payout]) -> None:
        """Asks the venue to read the dollars anew from the chain, and the balances of those tokens."""
        ...


class Meter(Protocol):
    """Counts and times; seconds are wall time."""

    def booked(self, result: str, source: str, seconds: float) -> None:
        """`result` as of `Ledger.book`, `seconds` from the fill heard to the answer."""
        ...

    def parked(self, reason: str) -> None: ...

    def swept(self, *, is_complete: bool, seconds: float) -> None: ...

    def foreign_order(self) -> None: ...

    def shadow(self, result: str) -> None: ...

    def adopted(self) -> None: ...

    def looked(self, *, is_complete: bool) -> None:
        """A look of the standing proof at the venue."""
        ...

    def unexplained(self, kind: str, units: int) -> None:
        """Differences of that kind that two looks have seen, in millionths of a share or a dollar."""
        ...
