"""What fills works with, in memory."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal

from services.fills.domain.adoption import LostOrder
from services.fills.domain.dollars import OwnCash, Payout, ShownCash
from services.fills.domain.matching import KnownOrder
from services.fills.domain.paper import PaperOrder
from services.fills.domain.proof import Difference, OwnSide, VenueSide
from services.fills.domain.sightings import Booking, FillSeen, OrderSeen
from services.fills.ports import Traded, VenueSilentError
from shared.domain.ids import Coin, MarketId, OrderId, TokenId, TradeId, VenueOrderId
from shared.domain.market import Market, Outcome, ProtocolVersion
from shared.domain.money import NO_CASH, Cash, Price, Shares
from shared.domain.order import FINAL, OrderStatus

NOW = datetime(2026, 4, 1, 12, 5, tzinfo=UTC)
END = NOW + timedelta(minutes=10)
MARKET = Market(
    MarketId("m1"), "btc-updown-15m", Coin("btc"), NOW - timedelta(minutes=5), END,
    (Outcome("Up", TokenId("1")), Outcome("Down", TokenId("2"))), Decimal("0.01"), Shares.of(5), Decimal("0.07"),
    ProtocolVersion.V1, neg_risk=False, accepting_orders=True,
)  # fmt: skip
ORDER = KnownOrder(OrderId("a"), VenueOrderId("0xa"), TokenId("1"), OrderStatus.LIVE)
FILL = FillSeen(
    VenueOrderId("0xa"), TradeId("t1"), "", MarketId("m1"), TokenId("1"), Price.of("0.80"), Shares.of(10), NO_CASH,
    "maker", "provisional", "user", NOW,
)  # fmt: skip


def seen(**changes: object) -> FillSeen:
    return replace(FILL, **changes)  # pyright: ignore[reportArgumentType]


def order_seen(matched: str = "0", over: str | None = None, venue_order: str = "0xa") -> OrderSeen:
    return OrderSeen(
        VenueOrderId(venue_order), MarketId("m1"), TokenId("1"), Shares.of(matched), over, "the venue's word", NOW
    )


@dataclass(slots=True)
class TurnedClock:
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
class FakeLedger:
    """Books each (trade, order, bucket) once; `results` are given before that, in turn."""

    orders: list[KnownOrder] = field(default_factory=lambda: [ORDER])
    results: deque[str] = field(default_factory=deque[str])
    bookings: list[Booking] = field(default_factory=list[Booking])
    parked: dict[TradeId, str] = field(default_factory=dict[TradeId, str])
    events: list[tuple[OrderId, str, Shares]] = field(default_factory=list[tuple[OrderId, str, Shares]])
    swept: list[datetime] = field(default_factory=list[datetime])
    refusal: str = ""
    known_markets: frozenset[MarketId] = frozenset({MARKET.market, MarketId("m2")})
    adopted: list[tuple[LostOrder, OrderStatus]] = field(default_factory=list[tuple[LostOrder, OrderStatus]])
    alerts: list[str] = field(default_factory=list[str])
    resting: list[PaperOrder] = field(default_factory=list[PaperOrder])

    async def book(self, booking: Booking) -> str:
        if self.results:
            return self.results.popleft()
        is_known = any(each.seen.trade == booking.seen.trade for each in self.bookings)
        self.bookings.append(booking)
        return "seen" if is_known else "booked"

    async def park(self, seen: FillSeen, reason: str) -> None:
        self.parked[seen.trade] = reason

    async def resolve_parked(self, seen: FillSeen) -> bool:
        return self.parked.pop(seen.trade, None) is not None

    async def apply(self, order: OrderId, event: str, matched: Shares, reason: str, occurred_at: datetime) -> None:
        self.events.append((order, event, matched))

    async def mark_swept(self, until: datetime) -> None:
        self.swept.append(until)

    async def known_orders(self, venue_orders: Sequence[VenueOrderId]) -> list[KnownOrder]:
        return [order for order in self.orders if order.venue_order_id in venue_orders]

    async def working_orders(self, market: MarketId) -> list[KnownOrder]:
        return [order for order in self.orders if order.status not in FINAL]

    async def paper_orders(self) -> list[PaperOrder]:
        return self.resting

    async def markets_to_sweep(self) -> list[MarketId]:
        return [MARKET.market]

    async def wants_sweep(self, domain_now: datetime) -> bool:
        return False

    async def market(self, market: MarketId) -> Market | None:
        return MARKET if market == MARKET.market else None

    async def swept_until(self) -> datetime | None:
        return self.swept[-1] if self.swept else None

    async def listed(self, markets: Sequence[MarketId]) -> frozenset[MarketId]:
        return self.known_markets.intersection(markets)

    async def adopt(self, lost: LostOrder, status: OrderStatus) -> str:
        """Under the name of its venue id, unless there is a `refusal`."""
        if self.refusal:
            return self.refusal
        self.adopted.append((lost, status))
        self.orders.append(KnownOrder(OrderId(lost.venue_order_id), lost.venue_order_id, lost.token, status))
        return lost.venue_order_id

    async def alert(self, detail: str) -> None:
        self.alerts.append(detail)


@dataclass(slots=True)
class FakeCases:
    """`own`, `wallet` and `differences` are what the tables say; `cases` are those that are open, `stated` what was
    written down of the wallet."""

    own: OwnSide = field(default_factory=OwnSide)
    wallet: OwnCash = field(default_factory=OwnCash)
    stated: list[int] = field(default_factory=list[int])
    paid_out: list[TokenId] = field(default_factory=list[TokenId])
    differences: list[Difference] = field(default_factory=list[Difference])
    cases: dict[tuple[str, str], Difference] = field(default_factory=dict[tuple[str, str], Difference])

    async def own_side(self) -> OwnSide:
        return self.own

    async def own_differences(self) -> list[Difference]:
        return self.differences

    async def open_cases(self) -> list[tuple[str, str]]:
        return list(self.cases)

    async def open_case(self, difference: Difference) -> bool:
        key = difference.kind, difference.subject
        is_new = key not in self.cases
        self.cases[key] = difference
        return is_new

    async def close_case(self, kind: str, subject: str) -> bool:
        return self.cases.pop((kind, subject), None) is not None

    async def own_cash(self) -> OwnCash:
        return self.wallet

    async def state_cash(self, cash: int, own: OwnCash) -> None:
        self.stated.append(cash)

    async def mark_paid_out(self, tokens: Sequence[TokenId]) -> None:
        self.paid_out += tokens


@dataclass(slots=True)
class FakeRecord:
    """The venue's record; `silent` when it gives no usable answer, `unread` when some trade cannot be read. `lost` are
    orders that it shows by their id, `cached` when it reads no balance anew."""

    trades: list[FillSeen] = field(default_factory=list[FillSeen])
    resting: list[OrderSeen] = field(default_factory=list[OrderSeen])
    silent: bool = False
    unread: str = ""
    cached: bool = False
    elsewhere: list[FillSeen] = field(default_factory=list[FillSeen])
    asked_since: list[datetime] = field(default_factory=list[datetime])
    lost: dict[VenueOrderId, LostOrder] = field(default_factory=dict[VenueOrderId, LostOrder])
    shown: VenueSide = field(default_factory=VenueSide)
    looked_again: list[TokenId] = field(default_factory=list[TokenId])
    wallet: ShownCash = field(default_factory=lambda: ShownCash(0))
    wallet_looked_again: int = 0

    async def fills(self, market: MarketId) -> Traded:
        return Traded(self.trades, self.unread)

    async def open_orders(self) -> list[OrderSeen]:
        if self.silent:
            raise VenueSilentError("no answer")
        return self.resting

    async def fills_since(self, instant: datetime) -> Traded:
        self.asked_since.append(instant)
        return Traded([*self.trades, *self.elsewhere], self.unread)

    async def order(self, venue_order: VenueOrderId) -> LostOrder | None:
        return self.lost.get(venue_order)

    async def side(self, own: OwnSide) -> VenueSide:
        if self.silent:
            raise VenueSilentError("no answer")
        return self.shown

    async def look_again(self, token: TokenId, version: ProtocolVersion) -> None:
        if self.cached:
            raise VenueSilentError("the chain cannot be read")
        self.looked_again.append(token)

    async def cash(self, payouts: Sequence[Payout]) -> ShownCash:
        return self.wallet

    async def look_again_at_cash(self, payouts: Sequence[Payout]) -> None:
        self.wallet_looked_again += 1


@dataclass(slots=True)
class FakeMeter:
    complete: list[bool] = field(default_factory=list[bool])
    foreign: int = 0
    adoptions: int = 0
    looks: list[bool] = field(default_factory=list[bool])
    gauge: dict[str, int] = field(default_factory=dict[str, int])
    kept: list[str] = field(default_factory=list[str])
    shadows: list[str] = field(default_factory=list[str])
    spans: list[tuple[str, str, float]] = field(default_factory=list[tuple[str, str, float]])

    def booked(self, result: str, source: str, seconds: float) -> None:
        self.spans.append((result, source, seconds))

    def parked(self, reason: str) -> None:
        self.kept.append(reason)

    def swept(self, *, is_complete: bool, seconds: float) -> None:
        self.complete.append(is_complete)

    def foreign_order(self) -> None:
        self.foreign += 1

    def shadow(self, result: str) -> None:
        self.shadows.append(result)

    def adopted(self) -> None:
        self.adoptions += 1

    def looked(self, *, is_complete: bool) -> None:
        self.looks.append(is_complete)

    def unexplained(self, kind: str, units: int) -> None:
        self.gauge[kind] = units


FEE = Cash(Decimal("0.112"))
"""10 x 0.07 x 0.80 x 0.20."""
