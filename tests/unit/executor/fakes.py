"""The executor's surroundings in memory: a table that merges as the real one, a venue that says what it is told."""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Callable, Coroutine, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal

from services.executor.domain.budget import Budget
from services.executor.domain.gate import Gate
from services.executor.domain.open_order import UNANSWERED, Instruction, OpenOrder, SignedEntry
from services.executor.domain.orphans import KnownStatus
from services.executor.domain.placing_pause import PlacingPause
from services.executor.domain.redemption import Status
from services.executor.domain.resolution import Patience
from services.executor.domain.words import (
    Accepted,
    Beaten,
    BeatWord,
    CancelWord,
    ForeignOrder,
    NotSent,
    OrderWord,
    Over,
    PlaceWord,
    Unknown,
)
from services.executor.handlers.cancel import CancelOrders
from services.executor.handlers.keep import KeepOrders
from services.executor.handlers.place import PlaceEntries
from services.executor.handlers.recover import Recovery
from services.executor.handlers.refusals import HearRefusals
from services.executor.handlers.resolve import Resolver
from services.executor.ports import LastLook, Stage, TableUnavailableError, UnsignableError, VenueSilentError
from shared.domain.ids import AccountId, Coin, MarketId, OrderId, TokenId, VenueOrderId, entry_order_id, exit_order_id
from shared.domain.market import Market, Outcome, ProtocolVersion
from shared.domain.money import NO_SHARES, Cash, Price, Shares
from shared.domain.order import FINAL, OrderStatus, TimeInForce
from shared.domain.redemption import Action
from shared.messages.bidder import CancelEntry, PlaceEntry
from shared.messages.risk import CloseEntries, Sell

ACCOUNT = AccountId("sim:live:0xabc")
NOW = datetime(2026, 4, 1, 12, 5, tzinfo=UTC)
END = NOW + timedelta(minutes=10)
MARKET = Market(
    MarketId("m1"), "btc-updown-15m", Coin("btc"), NOW - timedelta(minutes=5), END,
    (Outcome("Up", TokenId("1")), Outcome("Down", TokenId("2"))), Decimal("0.01"), Shares.of(5), Decimal("0.07"),
    ProtocolVersion.V1, neg_risk=False, accepting_orders=True,
)  # fmt: skip
SEEN_BY = frozenset({"accepted", "matched", "fill"})


def intent(
    outcome: str = "Up", rung: int = 0, attempt: int = 0, valid_seconds: float = 2.0, account: AccountId = ACCOUNT
) -> PlaceEntry:
    return PlaceEntry(
        order_id=entry_order_id("td", MARKET.market, outcome, rung, attempt),
        account=account,
        strategy_tag="td",
        market=MARKET.market,
        token=MARKET.outcome(outcome).token,
        outcome=outcome,
        rung=rung,
        attempt=attempt,
        price=Price.of("0.80"),
        shares=Shares.of(10),
        time_in_force=TimeInForce.GTC,
        post_only=True,
        decided_at=NOW,
        valid_until=NOW + timedelta(seconds=valid_seconds),
    )


def sale(attempt: int = 0, valid_seconds: float = 1.0, account: AccountId = ACCOUNT) -> Sell:
    return Sell(
        order_id=exit_order_id("td", MARKET.market, "Up", attempt),
        account=account,
        strategy_tag="td",
        market=MARKET.market,
        token=MARKET.outcome("Up").token,
        outcome="Up",
        attempt=attempt,
        price=Price.of("0.01"),
        shares=Shares.of(10),
        reason="STOP_LOSS",
        decided_at=NOW,
        valid_until=NOW + timedelta(seconds=valid_seconds),
    )


def close_entries(account: AccountId = ACCOUNT) -> CloseEntries:
    return CloseEntries(account=account, market=MARKET.market, reason="STOP_LOSS", decided_at=NOW)


def cancel_of(order: PlaceEntry, account: AccountId = ACCOUNT) -> CancelEntry:
    return CancelEntry(
        order_id=order.order_id, account=account, market=order.market, reason="BID_OUT_OF_RANGE", decided_at=NOW
    )


def venue_id(order: PlaceEntry | Sell) -> VenueOrderId:
    return VenueOrderId(f"0x{order.order_id}")


@dataclass(slots=True)
class TurnedClock:
    """Moves when told. One domain second is one wall second."""

    instant: datetime = NOW

    def now(self) -> datetime:
        return self.instant

    def wall(self) -> datetime:
        return self.instant

    def monotonic_seconds(self) -> float:
        return self.instant.timestamp()

    def turn(self, seconds: float) -> None:
        self.instant += timedelta(seconds=seconds)


@dataclass(slots=True)
class FakeTable:
    clock: TurnedClock
    refusal: str | None = None
    away: bool = False
    before_reserve: Callable[[], object] = lambda: None
    rows: dict[OrderId, OpenOrder] = field(default_factory=dict[OrderId, OpenOrder])
    events: list[tuple[OrderId, str, str]] = field(default_factory=list[tuple[OrderId, str, str]])
    asked_to_close: list[MarketId] = field(default_factory=list[MarketId])
    closed: list[MarketId] = field(default_factory=list[MarketId])

    def refuse(self, reason: str) -> None:
        self.refusal = reason

    async def reserve(self, wanted: Instruction, signed: SignedEntry, domain_now: datetime) -> str | None:
        self._answer()
        self.before_reserve()
        if wanted.order_id in self.rows:
            return "ALREADY_RESERVED"
        if self.refusal is None:
            self.rows[wanted.order_id] = OpenOrder(
                wanted.order_id, signed.venue_order_id, wanted.market, wanted.token, wanted.outcome, wanted.purpose,
                OrderStatus.SUBMITTING, wanted.shares, NO_SHARES, NO_SHARES, was_seen=False, is_unwanted="",
                valid_until=wanted.valid_until, cancel_asked_at=None, slot_end=END,
                time_in_force=wanted.time_in_force,
            )  # fmt: skip
        return self.refusal

    async def apply(self, order: OrderId, event: str, matched: Shares | None, reason: str) -> OrderStatus:
        self._answer()
        self.events.append((order, event, reason))
        row = self.rows[order]
        self.rows[order] = replace(
            row,
            status=_next(row, event),
            was_seen=row.was_seen or event in SEEN_BY,
            venue_matched=max(row.venue_matched, matched or NO_SHARES),
        )
        return self.rows[order].status

    async def request_cancels(self, orders: Sequence[OrderId], reason: str) -> Mapping[OrderId, OrderStatus]:
        statuses = {order: await self.apply(order, "cancel_requested", None, reason) for order in orders}
        for order in orders:
            row = self.rows[order]
            self.rows[order] = replace(row, cancel_asked_at=row.cancel_asked_at or self.clock.wall())
        return statuses

    async def open_orders(self, market: MarketId | None = None) -> list[OpenOrder]:
        self._answer()
        rows = (row for row in self.rows.values() if row.status not in FINAL)
        return [row for row in rows if market is None or row.market == market]

    async def open_order(self, order: OrderId) -> OpenOrder | None:
        return next((row for row in await self.open_orders() if row.order_id == order), None)

    async def close_exits(self, market: MarketId | None = None) -> list[MarketId]:
        self._answer()
        working = {row.market for row in await self.open_orders() if row.is_entry}
        said = [each for each in self.asked_to_close if market in {None, each} and each not in working]
        self.asked_to_close = [each for each in self.asked_to_close if each not in said]
        self.closed.extend(said)
        return said

    async def known_statuses(self, orders: Sequence[VenueOrderId]) -> Mapping[VenueOrderId, KnownStatus]:
        return {
            row.venue_order_id: (row.order_id, row.status) for row in self.rows.values() if row.venue_order_id in orders
        }

    async def has_history(self) -> bool:
        return bool(self.rows)

    def hold_side(self, held: PlaceEntry) -> None:
        """As after the first fill of its market."""
        self.rows = {
            order: row if row.token == held.token else replace(row, is_unwanted="OTHER_SIDE_HELD")
            for order, row in self.rows.items()
        }

    def leave(self, market: MarketId) -> None:
        """As after risk's own commit: EXITED, and `EntriesClosed` owed."""
        self.rows = {
            order: replace(row, is_unwanted="EXITED") if row.market == market else row
            for order, row in self.rows.items()
        }
        self.asked_to_close.append(market)

    def status(self, order: PlaceEntry | Sell) -> OrderStatus:
        return self.rows[order.order_id].status

    def told(self, order: PlaceEntry | Sell) -> list[str]:
        return [event for name, event, _ in self.events if name == order.order_id]

    def _answer(self) -> None:
        if self.away:
            raise TableUnavailableError("away")


def _next(row: OpenOrder, event: str) -> OrderStatus:
    """The status by event, where the order's own allows it."""
    allowed: dict[str, tuple[OrderStatus, bool]] = {
        "accepted": (OrderStatus.LIVE, row.status in UNANSWERED),
        "uncertain": (OrderStatus.UNCERTAIN, row.status is OrderStatus.SUBMITTING),
        "rejected": (OrderStatus.REJECTED, not row.was_seen),
        "absent": (OrderStatus.REJECTED, not row.was_seen),
        "cancel_requested": (OrderStatus.CANCELLING, True),
        "cancelled": (OrderStatus.CANCELLED, True),
        "expired": (OrderStatus.EXPIRED, True),
    }
    if event == "returned":
        return OrderStatus.CANCELLING
    status, is_allowed = allowed.get(event, (row.status, False))
    return status if is_allowed and row.status not in FINAL else row.status


@dataclass(slots=True)
class FakeVenue:
    """`answers` to placements in turn, accepted after them; `words` by order; every request is remembered."""

    answers: deque[PlaceWord] = field(default_factory=deque[PlaceWord])
    words: dict[VenueOrderId, OrderWord] = field(default_factory=dict[VenueOrderId, OrderWord])
    loses_cancels: set[VenueOrderId] = field(default_factory=set[VenueOrderId])
    foreign: list[ForeignOrder] = field(default_factory=list[ForeignOrder])
    silent_times: int = 0
    before_place: Callable[[], object] = lambda: None
    before_answer: Callable[[], object] = lambda: None
    before_look: Callable[[], object] = lambda: None
    before_cancel: Callable[[int], object] = lambda _: None
    posted: list[bytes] = field(default_factory=list[bytes])
    cancelled: list[VenueOrderId] = field(default_factory=list[VenueOrderId])
    all_cancelled: int = 0

    async def place(self, entry: SignedEntry, last_look: LastLook) -> PlaceWord:
        self.before_place()
        refusal = last_look()
        if refusal is not None:
            return NotSent(refusal)
        self.posted.append(entry.body)
        self.before_answer()
        return self.answers.popleft() if self.answers else Accepted()

    async def cancel(self, orders: Sequence[VenueOrderId]) -> CancelWord:
        self.before_cancel(len(orders))
        self.cancelled.extend(orders)
        done = [order for order in orders if order not in self.loses_cancels]
        for order in done:
            self.words.setdefault(order, Over("cancelled", NO_SHARES, "CANCELED"))
        return CancelWord(frozenset(done))

    async def cancel_all(self) -> CancelWord:
        self.all_cancelled += 1
        return CancelWord(frozenset())

    async def look_up(self, orders: Sequence[OpenOrder]) -> Mapping[OrderId, OrderWord]:
        self.before_look()
        return {order.order_id: self.words.get(order.venue_order_id, Unknown(NO_SHARES)) for order in orders}

    async def foreign_candidates(self) -> list[ForeignOrder]:
        if self.silent_times:
            self.silent_times -= 1
            raise VenueSilentError("no answer")
        return self.foreign


@dataclass(slots=True)
class FakeGuard:
    gate: Gate
    causes: dict[str, str] = field(default_factory=dict[str, str])
    version: int = 0
    silent: frozenset[str] = frozenset()
    details: dict[str, str] = field(default_factory=dict[str, str])
    alerts: list[str] = field(default_factory=list[str])
    away: bool = False

    async def set_cause(self, cause: str, state: str, detail: str, *, cancels: bool) -> None:
        self._answer()
        self.causes[cause], self.details[cause] = state, detail
        self._announce(cancels=cancels)

    async def clear_cause(self, cause: str) -> None:
        self._answer()
        if self.causes.pop(cause, None) is not None:
            self._announce(cancels=False)

    async def alert(self, detail: str) -> None:
        self._answer()
        if detail not in self.alerts:
            self.alerts.append(detail)

    def _answer(self) -> None:
        if self.away:
            raise TableUnavailableError("away")

    async def heard_state(self) -> tuple[str, bool, int]:
        return self.gate.state, self.gate.cancels, self.gate.version

    async def silent_services(self) -> frozenset[str]:
        return self.silent

    def _announce(self, *, cancels: bool) -> None:
        self.version += 1
        self.gate.hear(max(self.causes.values(), key=("active", "reducing", "halted").index, default="active"),
                       self.version, cancels=cancels)  # fmt: skip


class FakeMeter:
    def __init__(self) -> None:
        self.refusals: Counter[str] = Counter()
        self.spans: list[tuple[Stage, float]] = []
        self.pauses: list[str] = []
        self.statuses: Mapping[OrderStatus, int] = {}
        self.beats: list[bool] = []
        self.redemptions: list[tuple[Action, Status]] = []
        self.spendables: list[Cash] = []

    def refused(self, reason: str) -> None:
        self.refusals[reason] += 1

    def stage(self, stage: Stage, seconds: float) -> None:
        self.spans.append((stage, round(seconds, 3)))

    def placing_pause(self, reason: str) -> None:
        self.pauses.append(reason)

    def cancels(self, reason: str, count: int) -> None: ...

    def not_final(self, by_status: Mapping[OrderStatus, int]) -> None:
        self.statuses = by_status

    def heartbeat(self, *, is_taken: bool, wall_seconds: float) -> None:
        self.beats.append(is_taken)

    def redeemed(self, action: Action, status: Status) -> None:
        self.redemptions.append((action, status))

    def spendable(self, cash: Cash) -> None:
        self.spendables.append(cash)


class FakeSigner:
    """`objection` makes it refuse."""

    objection = ""
    before_sign: Callable[[], object] = staticmethod(lambda: None)

    def object(self, objection: str) -> None:
        self.objection = objection

    def sign(self, wanted: Instruction, market: Market) -> SignedEntry:
        if self.objection:
            raise UnsignableError(self.objection)
        self.before_sign()
        body = f"signed {wanted.order_id}".encode()
        return SignedEntry(
            wanted.order_id, VenueOrderId(f"0x{wanted.order_id}"), market.market, body, wanted.valid_until
        )


@dataclass(slots=True)
class FakeLease:
    is_fresh: bool = True

    def age(self) -> None:
        self.is_fresh = False


class FakeMarkets:
    def __init__(self) -> None:
        self.listed = {MARKET.market: MARKET}

    def known(self, market: MarketId) -> Market | None:
        return self.listed.get(market)

    async def find(self, market: MarketId) -> Market | None:
        return self.listed.get(market)

    def learn(self, market: Market) -> None:
        self.listed[market.market] = market


@dataclass(slots=True)
class FakeHeart:
    """Words in turn; beaten after them."""

    words: deque[BeatWord] = field(default_factory=deque[BeatWord])
    sent: list[str] = field(default_factory=list[str])

    async def beat(self, heartbeat_id: str) -> BeatWord:
        self.sent.append(heartbeat_id)
        return self.words.popleft() if self.words else Beaten(f"id-{len(self.sent)}")


class Engine:
    """An executor of fakes, active and with a fresh lease. `run` also lets the spawned work end."""

    def __init__(self, orphans: str = "cancel", *, asks_first: bool = False) -> None:
        self.clock = TurnedClock()
        self.table = FakeTable(self.clock)
        self.venue = FakeVenue()
        self.gate = Gate()
        self.gate.hear("active", 0, cancels=False)
        self.guard = FakeGuard(self.gate)
        self.meter = FakeMeter()
        self.lease = FakeLease()
        self.budget = Budget.of_orders()
        self.cancel_budget = Budget.of_cancels()
        self.pause = PlacingPause()
        self.refusals = HearRefusals(self.guard, self.clock)
        self.signer = FakeSigner()
        self.markets = FakeMarkets()
        self.spawned: deque[Coroutine[None, None, None]] = deque()
        self.kicks = 0
        patience = Patience.of(place_timeout_seconds=15, cancel_ttl_wall_seconds=30)
        self.resolver = Resolver(self.table, self.venue, self.clock, patience, self._kick)
        self.cancels = CancelOrders(
            ACCOUNT, self.table, self.venue, self.resolver, self.gate, self.cancel_budget, self.clock, self.meter,
            self._kick,
        )  # fmt: skip
        self.placing = PlaceEntries(
            ACCOUNT, self.signer, self.table, self.venue, self.resolver, self.cancels, self.markets, self.gate,
            self.budget, self.pause, self.refusals, self.lease, self.clock, self.meter,
            lambda _, work: self.spawned.append(work), self._sleep, self._kick,
        )  # fmt: skip
        self.keep = KeepOrders(
            self.table, self.resolver, self.cancels, self.refusals, self.guard, self.gate, self.clock, self.meter,
            self.placing.in_flight,
        )  # fmt: skip
        self.recovery = Recovery(
            self.table, self.venue, self.resolver, self.cancels, self.guard, self._sleep, orphans,
            asks_first=asks_first,
        )  # fmt: skip

    async def place(self, wanted: PlaceEntry) -> None:
        await self.placing.place(wanted)
        while self.spawned:
            await self.spawned.popleft()

    async def sell(self, wanted: Sell) -> None:
        await self.placing.sell(wanted)
        while self.spawned:
            await self.spawned.popleft()

    async def live(self, wanted: PlaceEntry) -> PlaceEntry:
        await self.place(wanted)
        assert self.table.status(wanted) is OrderStatus.LIVE
        return wanted

    async def _sleep(self, seconds: float) -> None:
        self.clock.turn(seconds)

    def _kick(self) -> None:
        self.kicks += 1
