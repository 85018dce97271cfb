"""From a market's end to its booked payout, with the venue and the ledger as fakes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from decimal import Decimal

from services.settlement.domain.case import Case, Kind
from services.settlement.domain.payout import Leg, LegProfit
from services.settlement.domain.resolution import Disagreed, Resolved, Settle, Silent, Word
from services.settlement.handlers import Settler
from services.settlement.ports import Booking, Settled
from shared.domain.ids import AccountId, MarketId, OrderId, TokenId
from shared.domain.money import Cash, Price, Shares
from shared.domain.order import OrderStatus, Side
from shared.messages.discovery import BookLevel, MarketResolved, TopChanged
from shared.messages.envelope import command
from shared.messages.executor import EntriesClosed, OrderChanged
from tests.unit.settlement.cases import DOWN, END, GRACE, UP, after, case

UP_WON = Resolved({UP: Decimal(1), DOWN: Decimal(0)}, "both")


@dataclass
class SetClock:
    at: datetime = END

    def now(self) -> datetime:
        return self.at

    def wall(self) -> datetime:
        return self.at

    def monotonic_seconds(self) -> float:
        return 0.0


@dataclass
class FakeVenue:
    words: dict[MarketId, Word] = field(default_factory=dict[MarketId, Word])
    asked: list[MarketId] = field(default_factory=list[MarketId])

    async def word_on(self, case: Case) -> Word:
        self.asked.append(case.market.market)
        return self.words.get(case.market.market, Silent())


@dataclass
class FakeLedger:
    """Settles what it is told to, unless an order is in the way."""

    cases: list[Case]
    answer: Settled = Settled.SETTLED
    closed: list[MarketId] = field(default_factory=list[MarketId])
    alerts: list[str] = field(default_factory=list[str])
    settled: list[tuple[MarketId, Settle]] = field(default_factory=list[tuple[MarketId, Settle]])
    bookings: list[Booking] = field(default_factory=list[Booking])

    async def open_cases(self, now: datetime) -> list[Case]:
        return [each for each in self.cases if each.market.end <= now]

    async def close_entries(self, market: MarketId) -> None:
        self.closed.append(market)

    async def settle(self, market: MarketId, settlement: Settle, now: datetime) -> Settled:
        self.settled.append((market, settlement))
        if self.answer is Settled.SETTLED:
            self.cases = [left for each in self.cases if (left := _left_of(each, market, settlement.kind))]
            self._book(market, settlement, now)
        return self.answer

    def _book(self, market: MarketId, settlement: Settle, now: datetime) -> None:
        self.bookings.append(
            Booking(
                settlement_id=len(self.bookings) + 1,
                market=market,
                slug=market,
                token=UP,
                kind=settlement.kind,
                payout=settlement.payouts[UP],
                profit=Cash.of("1.00"),
                source=settlement.source,
                occurred_at=now,
                market_end=END,
            )
        )

    async def alert(self, detail: str) -> None:
        self.alerts.append(detail)

    async def booked_so_far(self) -> tuple[int, Cash]:
        return len(self.bookings), sum((booking.profit for booking in self.bookings), Cash.of(0))

    async def booked_after(self, settlement_id: int) -> list[Booking]:
        return self.bookings[settlement_id:]

    async def legs(self, market: MarketId, token: TokenId) -> Sequence[Leg]:
        return [Leg(OrderId("a"), Cash.of(1)), Leg(OrderId("b"), Cash.of(2))]


def _left_of(case: Case, market: MarketId, kind: Kind) -> Case | None:
    """The venue's word closes the market's case, a lesser one leaves it to be asked about."""
    if case.market.market != market:
        return case
    return None if kind is Kind.VENUE else replace(case, has_unsettled_shares=False, settled_by=kind)


@dataclass
class FakeReport:
    disputes: list[str] = field(default_factory=list[str])
    deferrals: list[str] = field(default_factory=list[str])
    waits: list[Settled] = field(default_factory=list[Settled])
    booked: list[tuple[Booking, Sequence[LegProfit]]] = field(default_factory=list[tuple[Booking, Sequence[LegProfit]]])

    def recovered(self, profit: Cash) -> None: ...

    def waiting(self, cases: Sequence[Case], now: datetime) -> None: ...

    def deferred(self, case: Case, reason: str) -> None:
        self.deferrals.append(reason)

    def disagreement(self, case: Case, detail: str) -> None:
        self.disputes.append(detail)

    def not_yet(self, case: Case, answer: Settled) -> None:
        self.waits.append(answer)

    def settled(self, booking: Booking, legs: Sequence[LegProfit]) -> None:
        self.booked.append((booking, legs))


class Desk:
    """A settler with everything round it faked."""

    def __init__(self, *cases: Case) -> None:
        self.clock, self.venue, self.ledger, self.report = (
            SetClock(),
            FakeVenue(),
            FakeLedger(list(cases)),
            FakeReport(),
        )
        self.settler = Settler(self.venue, self.ledger, self.report, self.clock, GRACE)

    async def look(self, at: datetime, times: int = 1) -> None:
        self.clock.at = at
        for _ in range(times):
            await self.settler.look()

    @property
    def kinds(self) -> list[Kind]:
        return [settlement.kind for _, settlement in self.ledger.settled]


def order_changed(market: str) -> OrderChanged:
    return OrderChanged(
        order_id=OrderId("o1"),
        account=AccountId("sim:paper:paper"),
        strategy_tag="t",
        market=MarketId(market),
        token=UP,
        outcome="Up",
        side=Side.BUY,
        purpose="entry",
        rung=0,
        attempt=0,
        price=Price.of("0.8"),
        shares=Shares.of(5),
        filled=Shares.of(0),
        status=OrderStatus.CANCELLED,
        reason="",
        venue_order_id=None,
        placed_at=END,
        version=3,
    )


async def test_a_market_is_settled_once_the_venue_has_spoken() -> None:
    desk = Desk(case("0xm1"))
    await desk.look(after(seconds=1))
    assert desk.ledger.settled == []
    desk.venue.words[MarketId("0xm1")] = UP_WON
    await desk.look(after(seconds=10))
    assert desk.ledger.settled == [(MarketId("0xm1"), Settle(UP_WON.payouts, Kind.VENUE, "both"))]


async def test_nothing_is_asked_before_a_markets_end() -> None:
    desk = Desk(case("0xm1"))
    await desk.look(END - timedelta(seconds=1))
    assert desk.venue.asked == []


async def test_entries_close_at_the_end() -> None:
    desk = Desk(case("0xm1", guarded=False), case("0xm2"))
    await desk.look(after(seconds=0))
    assert desk.ledger.closed == [MarketId("0xm1")]


async def test_one_look_asks_one_question_and_all_get_their_turn() -> None:
    desk = Desk(*(case(f"0xm{number}") for number in range(4)))
    for second in range(4):
        await desk.look(after(seconds=second))
        assert len(desk.venue.asked) == second + 1
    assert len(set(desk.venue.asked)) == 4


async def test_the_venue_is_not_asked_again_at_once() -> None:
    desk = Desk(case("0xm1"))
    await desk.look(after(seconds=1), times=5)
    assert desk.venue.asked == [MarketId("0xm1")]


async def test_a_settlement_that_waits_for_an_order_is_tried_again_without_asking_again() -> None:
    desk = Desk(case("0xm1"))
    desk.venue.words[MarketId("0xm1")] = UP_WON
    desk.ledger.answer = Settled.WAITING_ORDERS
    await desk.look(after(seconds=60))
    assert desk.report.waits == [Settled.WAITING_ORDERS]
    desk.ledger.answer = Settled.SETTLED
    await desk.look(after(seconds=62))
    assert desk.venue.asked == [MarketId("0xm1")]
    assert desk.kinds == [Kind.VENUE, Kind.VENUE]
    assert desk.ledger.cases == []


async def test_the_orders_last_word_prompts_the_settlement_that_waited_for_it() -> None:
    desk = Desk(case("0xm1"))
    desk.venue.words[MarketId("0xm1")] = UP_WON
    desk.ledger.answer = Settled.WAITING_ORDERS
    await desk.look(after(seconds=60))
    fact = command(
        order_changed("0xm1"), message_id="m", producer="executor", key="o1", occurred_at=END, recorded_at=END
    )
    await desk.settler.on_order(fact)
    desk.ledger.answer = Settled.SETTLED
    await desk.look(after(seconds=60))
    assert desk.ledger.cases == []


async def test_that_a_markets_entries_are_closed_prompts_no_settlement() -> None:
    desk = Desk(case("0xm1"))
    closed = EntriesClosed(account=AccountId("sim:paper:paper"), market=MarketId("0xm1"))
    await desk.settler.on_order(
        command(closed, message_id="m", producer="executor", key="0xm1", occurred_at=END, recorded_at=END)
    )
    assert desk.venue.asked == []


async def test_a_disagreement_alerts_and_settles_nothing() -> None:
    desk = Desk(case("0xm1"))
    desk.venue.words[MarketId("0xm1")] = Disagreed("catalogue says 111, order book 222")
    await desk.look(after(hours=3))
    assert desk.report.disputes == ["catalogue says 111, order book 222"]
    assert desk.ledger.alerts == [
        "btc-updown-15m-0xm1 is not settled, its sources disagree: catalogue says 111, order book 222"
    ]
    assert desk.ledger.settled == []


async def test_after_the_grace_the_last_bid_heard_settles_provisionally() -> None:
    desk = Desk(case("0xm1"))
    level = BookLevel(price=Price.of("0.98"), shares=Shares.of(20))
    desk.settler.on_top(
        TopChanged(market=MarketId("0xm1"), token=UP, bids=(level,), asks=(), known=True, seen_at=END, sequence=1)
    )
    await desk.look(after(seconds=301))
    assert desk.kinds == [Kind.PROVISIONAL]


async def test_the_venue_is_asked_about_a_provisional_settlement_until_it_spoke() -> None:
    desk = Desk(case("0xm1", unsettled=False, settled_by=Kind.PROVISIONAL))
    await desk.look(after(minutes=20))
    await desk.look(after(minutes=21))
    assert len(desk.venue.asked) == 2
    desk.venue.words[MarketId("0xm1")] = UP_WON
    await desk.look(after(minutes=22))
    assert desk.kinds == [Kind.VENUE]


BOOK_ALONE = Resolved({UP: Decimal(0), DOWN: Decimal(1)}, "order_book", is_lone=True)


async def test_one_sources_word_is_asked_about_until_both_say_the_same() -> None:
    desk = Desk(case("0xm1"))
    desk.venue.words[MarketId("0xm1")] = BOOK_ALONE
    await desk.look(after(seconds=60))
    await desk.look(after(seconds=70))
    desk.venue.words[MarketId("0xm1")] = UP_WON
    await desk.look(after(seconds=80))
    await desk.look(after(seconds=90))
    assert len(desk.venue.asked) == 3
    assert desk.ledger.settled == [
        (MarketId("0xm1"), Settle(BOOK_ALONE.payouts, Kind.PROVISIONAL, "order_book")),
        (MarketId("0xm1"), Settle(BOOK_ALONE.payouts, Kind.PROVISIONAL, "order_book")),
        (MarketId("0xm1"), Settle(UP_WON.payouts, Kind.VENUE, "both")),
    ]


async def test_a_contradiction_after_one_sources_word_alerts_and_waits_for_agreement() -> None:
    desk = Desk(case("0xm1"))
    desk.venue.words[MarketId("0xm1")] = BOOK_ALONE
    await desk.look(after(seconds=60))
    desk.venue.words[MarketId("0xm1")] = Disagreed("catalogue says 111, order book 222")
    await desk.look(after(seconds=70))
    assert (desk.kinds, len(desk.ledger.alerts)) == ([Kind.PROVISIONAL], 1)
    desk.venue.words[MarketId("0xm1")] = UP_WON
    await desk.look(after(seconds=80))
    assert desk.kinds == [Kind.PROVISIONAL, Kind.VENUE]


async def test_no_bid_outweighs_what_one_source_has_said() -> None:
    desk = Desk(case("0xm1"))
    desk.settler.on_top(
        TopChanged(
            market=MarketId("0xm1"),
            token=UP,
            bids=(BookLevel(price=Price.of("0.98"), shares=Shares.of(20)),),
            asks=(),
            known=True,
            seen_at=END,
            sequence=1,
        )
    )
    desk.venue.words[MarketId("0xm1")] = BOOK_ALONE
    desk.ledger.answer = Settled.WAITING_ORDERS
    await desk.look(after(seconds=60))
    desk.venue.words[MarketId("0xm1")] = Silent()
    desk.ledger.answer = Settled.SETTLED
    await desk.look(after(minutes=10))
    assert [settlement.payouts for _, settlement in desk.ledger.settled] == [BOOK_ALONE.payouts] * 2


async def test_one_sources_word_is_final_when_it_has_stood_for_an_hour() -> None:
    desk = Desk(case("0xm1"))
    desk.venue.words[MarketId("0xm1")] = BOOK_ALONE
    await desk.look(after(seconds=60))
    await desk.look(after(minutes=61))
    assert desk.kinds == [Kind.PROVISIONAL, Kind.VENUE]
    assert desk.ledger.cases == []


async def test_each_booking_is_reported_once_with_its_legs_and_those_before_the_start_never() -> None:
    desk = Desk(case("0xm1"), case("0xm2"))
    desk.venue.words = {MarketId("0xm1"): UP_WON, MarketId("0xm2"): UP_WON}
    await desk.look(after(seconds=60))
    restarted = Settler(desk.venue, desk.ledger, desk.report, desk.clock, GRACE)
    desk.report.booked.clear()
    await restarted.recover()
    await restarted.look()
    await restarted.look()
    assert [(booking.market, [leg.profit for leg in legs]) for booking, legs in desk.report.booked] == [
        (MarketId("0xm2"), [Cash.of("0.33"), Cash.of("0.67")])
    ]


def hint(market: str, winner: TokenId = UP) -> MarketResolved:
    return MarketResolved(market=MarketId(market), winner=winner, resolved_at=END)


async def test_the_channels_word_makes_the_next_look_ask_at_once() -> None:
    desk = Desk(case("0xm1"))
    await desk.look(after(seconds=1))
    desk.venue.words[MarketId("0xm1")] = UP_WON
    await desk.look(after(seconds=2))
    assert desk.ledger.settled == []
    desk.settler.on_resolved(hint("0xm1"))
    await desk.look(after(seconds=2.5))
    assert desk.kinds == [Kind.VENUE]


async def test_the_channels_word_settles_nothing_and_says_nothing_of_the_winner() -> None:
    desk = Desk(case("0xm1"))
    await desk.look(after(seconds=1))
    desk.settler.on_resolved(hint("0xm1", DOWN))
    await desk.look(after(seconds=2))
    assert (len(desk.venue.asked), desk.ledger.settled) == (2, [])
    desk.venue.words[MarketId("0xm1")] = UP_WON
    desk.settler.on_resolved(hint("0xm1", DOWN))
    await desk.look(after(seconds=3))
    ((_, settlement),) = desk.ledger.settled
    assert settlement.payouts == UP_WON.payouts


async def test_the_channels_word_on_a_market_that_is_no_case_asks_nothing() -> None:
    desk = Desk(case("0xm1"))
    desk.settler.on_resolved(hint("0xother"))
    await desk.look(after(seconds=1), times=2)
    assert desk.venue.asked == ["0xm1"]
