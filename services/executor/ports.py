"""What the executor needs from outside."""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Mapping, Sequence
from datetime import datetime
from enum import StrEnum
from typing import Protocol

from services.executor.domain.open_order import Instruction, OpenOrder, SignedEntry
from services.executor.domain.orphans import KnownStatus
from services.executor.domain.redemption import (
    Held,
    Over,
    Progress,
    Redemption,
    Signed,
    Status,
    SubmitWord,
)
from services.executor.domain.words import BeatWord, CancelWord, ForeignOrder, OrderWord, PlaceWord
from shared.domain.ids import MarketId, OrderId, RedemptionId, VenueOrderId
from shared.domain.market import Market
from shared.domain.money import Cash, Shares
from shared.domain.order import OrderStatus
from shared.domain.redemption import Action

LastLook = Callable[[], str | None]
"""A reason refuses the write, None lets it go."""
Spawn = Callable[[str, Coroutine[None, None, None]], None]
"""Runs work beside the caller; it ends before the service does."""
Sleep = Callable[[float], Coroutine[None, None, None]]


class Stage(StrEnum):
    """A stretch of an order's way that is timed."""

    SIGN = "sign"
    RESERVE = "reserve"
    INTENT_TO_WIRE = "intent_to_wire"
    """Intent received to signed order written, both of the above included."""
    WIRE_TO_ANSWER = "wire_to_answer"


class UnsignableError(ValueError):
    """The order breaks a rule of the venue that we can see ourselves."""


class TableUnavailableError(RuntimeError):
    """The database did not answer, or refused the write of a stale holder: what was written is unknown."""


class VenueSilentError(RuntimeError):
    """The venue gave no usable answer to a question."""


class Signer(Protocol):
    def sign(self, wanted: Instruction, market: Market) -> SignedEntry:
        """The order and its id at the venue. Raises UnsignableError."""
        ...


class OrderTable(Protocol):
    """Postgres, through the named functions. Each method is one statement; raises TableUnavailableError."""

    async def reserve(self, wanted: Instruction, signed: SignedEntry, domain_now: datetime) -> str | None:
        """Records the order before the venue hears of it; why it was refused, or None."""
        ...

    async def apply(self, order: OrderId, event: str, matched: Shares | None, reason: str) -> OrderStatus: ...

    async def request_cancels(self, orders: Sequence[OrderId], reason: str) -> Mapping[OrderId, OrderStatus]: ...

    async def open_orders(self, market: MarketId | None = None) -> list[OpenOrder]:
        """All that are not final."""
        ...

    async def open_order(self, order: OrderId) -> OpenOrder | None: ...

    async def close_exits(self, market: MarketId | None = None) -> list[MarketId]:
        """Says `EntriesClosed` wherever it is owed and true, in one market or in all; where it did."""
        ...

    async def known_statuses(self, orders: Sequence[VenueOrderId]) -> Mapping[VenueOrderId, KnownStatus]:
        """Of those ids, the ones that were ever ours."""
        ...

    async def has_history(self) -> bool:
        """Whether this account ever recorded an order."""
        ...


class Venue(Protocol):
    async def place(self, entry: SignedEntry, last_look: LastLook) -> PlaceWord: ...

    async def cancel(self, orders: Sequence[VenueOrderId]) -> CancelWord: ...

    async def cancel_all(self) -> CancelWord:
        """Everything under our key, also what no table names."""
        ...

    async def look_up(self, orders: Sequence[OpenOrder]) -> Mapping[OrderId, OrderWord]:
        """The venue's word on each, by id, orders first and trades then."""
        ...

    async def foreign_candidates(self) -> list[ForeignOrder]:
        """Everything open under our key. Raises VenueSilentError."""
        ...


class Redemptions(Protocol):
    """The table of what becomes cash. Each method is one statement; raises TableUnavailableError."""

    async def oldest_under_way(self) -> Redemption | None:
        """What was signed already comes before what was not."""
        ...

    async def sign(self, redemption: RedemptionId, signed: Signed) -> bool:
        """Records the bytes before the relayer hears of them; False when others were recorded before."""
        ...

    async def submitted(self, redemption: RedemptionId, transaction: str) -> None: ...

    async def end(self, redemption: RedemptionId, over: Over) -> None: ...


class Cashier(Protocol):
    """The wallet's way from tokens to cash. Questions raise VenueSilentError."""

    async def held(self, market: Market) -> Held:
        """By the chain, as the venue sees it now."""
        ...

    async def sign_redemption(self, market: Market, held: Held) -> Signed:
        """All of a resolved market. Raises UnsignableError, VenueSilentError."""
        ...

    async def sign_merge(self, market: Market, held: Held, pairs: Shares) -> Signed:
        """Raises UnsignableError, VenueSilentError."""
        ...

    async def submit(self, signed: Signed, last_look: LastLook) -> SubmitWord: ...

    async def progress(self, transaction: str) -> Progress: ...

    async def spendable(self) -> Cash:
        """The venue's balance, after it was told to look at the chain."""
        ...


class Heart(Protocol):
    async def beat(self, heartbeat_id: str) -> BeatWord: ...


class Bus(Protocol):
    async def answers(self) -> bool:
        """Whether it took a question and gave an answer just now."""
        ...


class Guard(Protocol):
    """The account's causes. Raises TableUnavailableError."""

    async def set_cause(self, cause: str, state: str, detail: str, *, cancels: bool) -> None: ...

    async def clear_cause(self, cause: str) -> None: ...

    async def alert(self, detail: str) -> None:
        """What the operator must hear of at once; the same words are told once."""
        ...

    async def heard_state(self) -> tuple[str, bool, int]:
        """State, whether resting entries go, version."""
        ...

    async def silent_services(self) -> frozenset[str]:
        """Those that watch entries and gave no sign of life for five seconds."""
        ...


class Markets(Protocol):
    def known(self, market: MarketId) -> Market | None: ...

    async def find(self, market: MarketId) -> Market | None:
        """Asks the table. Raises TableUnavailableError."""
        ...

    def learn(self, market: Market) -> None: ...


class LeaseAge(Protocol):
    @property
    def is_fresh(self) -> bool: ...


class Meter(Protocol):
    """Counts and times; `seconds` is wall time."""

    def stage(self, stage: Stage, seconds: float) -> None: ...

    def refused(self, reason: str) -> None:
        """An intent of which nothing was sent."""
        ...

    def placing_pause(self, reason: str) -> None:
        """Why orders are held back from now on; empty when they are no longer."""
        ...

    def cancels(self, reason: str, count: int) -> None: ...

    def not_final(self, by_status: Mapping[OrderStatus, int]) -> None: ...

    def heartbeat(self, *, is_taken: bool, wall_seconds: float) -> None: ...

    def redeemed(self, action: Action, status: Status) -> None: ...

    def spendable(self, cash: Cash) -> None:
        """What the venue says that the wallet can spend."""
        ...


Kick = Callable[[], None]
"""Publish what was just committed."""
