"""Every fill, whoever saw it, is matched, booked or kept."""

from __future__ import annotations

import pytest

from services.fills.adapters.meter import PrometheusMeter
from services.fills.handlers.book import BookFills
from services.fills.handlers.orders import FollowOrders
from services.fills.handlers.rebuild import Rebuild
from services.fills.handlers.sweep import Sweep
from shared.domain.ids import OrderId, TradeId, VenueOrderId
from shared.domain.money import NO_CASH, Shares
from shared.domain.order import OrderStatus
from shared.runtime.metrics import Metrics
from tests.unit.fills.fakes import FEE, NOW, ORDER, FakeLedger, FakeMeter, FakeRecord, TurnedClock, order_seen, seen


class Books:
    def __init__(self) -> None:
        self.ledger, self.meter, self.record = FakeLedger(), FakeMeter(), FakeRecord()
        self.clock = TurnedClock()
        self.wishes: list[str] = []
        self.kicks = 0
        self.fills = BookFills(self.ledger, self.clock, self.meter, self._kick)
        self.orders = FollowOrders(self.ledger, self.meter, self.wishes.append, self._kick)
        self.rebuild = Rebuild(self.ledger, self.record, self.meter, self._kick, "cancel")
        self.sweep = Sweep(self.ledger, self.record, self.fills, self.orders, self.clock, self.meter, self.rebuild)

    def _kick(self) -> None:
        self.kicks += 1


@pytest.fixture
def books() -> Books:
    return Books()


async def test_a_fill_of_our_order_is_booked_and_announced(books: Books) -> None:
    assert await books.fills.fill(seen()) == "booked"

    assert books.ledger.bookings[0].order_id == ORDER.order_id
    assert books.kicks == 1


async def test_a_fill_seen_again_is_announced_no_more(books: Books) -> None:
    await books.fills.fill(seen())

    assert await books.fills.fill(seen(source="rest")) == "seen"

    assert books.kicks == 1


async def test_the_time_of_a_booking_counts_from_the_reading_of_its_frame(books: Books) -> None:
    heard_at_seconds = books.clock.monotonic_seconds()
    books.clock.turn(0.5)

    await books.fills.fill(seen(), heard_at_seconds)
    await books.fills.fill(seen(source="rest"))

    assert books.meter.spans == [("booked", "user", 0.5), ("seen", "rest", 0.0)]


def test_a_fill_is_counted_when_it_is_booked_and_not_when_it_is_seen_again() -> None:
    metrics = Metrics("fills")
    meter = PrometheusMeter(metrics)
    for result, source in (("booked", "user"), ("seen", "rest"), ("confirmed", "user")):
        meter.booked(result, source, 0.01)

    shown = metrics.exposition().decode()
    assert 'tdmaker_fills_total{source="user"} 1.0' in shown
    assert 'tdmaker_fills_total{source="rest"} 0.0' in shown
    assert 'tdmaker_fill_sightings_total{result="seen",source="rest"} 1.0' in shown
    assert "tdmaker_fill_to_booked_seconds_count 1.0" in shown


async def test_a_maker_pays_no_fee_and_a_taker_the_markets(books: Books) -> None:
    await books.fills.fill(seen())
    await books.fills.fill(seen(trade=TradeId("t2"), liquidity="taker", fee=None))

    assert [booking.fee for booking in books.ledger.bookings] == [NO_CASH, FEE]


async def test_a_fill_of_an_unknown_order_is_kept_and_never_guessed(books: Books) -> None:
    assert await books.fills.fill(seen(venue_order_id=VenueOrderId("0xother"))) == "unknown_order"

    assert books.ledger.parked == {TradeId("t1"): "unknown_order"}
    assert books.ledger.bookings == []
    assert books.meter.kept == ["unknown_order"]


async def test_a_kept_fill_that_failed_is_no_riddle_any_more(books: Books) -> None:
    foreign = VenueOrderId("0xother")
    await books.fills.fill(seen(venue_order_id=foreign))

    await books.fills.fill(seen(venue_order_id=foreign, status="failed"))

    assert books.ledger.parked == {}


async def test_a_fill_without_an_id_belongs_to_the_only_order_it_can(books: Books) -> None:
    assert await books.fills.fill(seen(venue_order_id=None)) == "booked"

    assert books.ledger.bookings[0].order_id == ORDER.order_id


async def test_a_fill_without_an_id_and_two_candidates_is_kept(books: Books) -> None:
    books.ledger.orders.append(type(ORDER)(OrderId("b"), VenueOrderId("0xb"), ORDER.token, OrderStatus.LIVE))

    assert await books.fills.fill(seen(venue_order_id=None)) == "ambiguous"


@pytest.mark.parametrize("reason", ["oversize", "oversold"])
async def test_what_the_ledger_parks_is_counted(books: Books, reason: str) -> None:
    books.ledger.results.append(reason)

    assert await books.fills.fill(seen()) == reason

    assert books.meter.kept == [reason]


async def test_a_placement_moves_the_order_and_books_nothing(books: Books) -> None:
    await books.orders.order(order_seen())

    assert books.ledger.events == [(ORDER.order_id, "accepted", Shares.of(0))]
    assert books.wishes == []


async def test_a_grown_match_wants_a_sweep_and_books_nothing(books: Books) -> None:
    await books.orders.order(order_seen("4"))

    assert books.wishes == ["matched"]
    assert books.ledger.bookings == []


@pytest.mark.parametrize("over", ["cancelled", "expired"])
async def test_the_venues_last_word_carries_what_was_matched(books: Books, over: str) -> None:
    await books.orders.order(order_seen("4", over))

    assert books.ledger.events == [(ORDER.order_id, over, Shares.of(4))]


async def test_an_order_that_is_not_ours_is_counted(books: Books) -> None:
    await books.orders.order(order_seen(venue_order="0xother"))

    assert books.meter.foreign == 1
    assert books.ledger.events == []


async def test_a_complete_sweep_moves_the_watermark_to_its_beginning(books: Books) -> None:
    books.record.trades.append(seen())
    books.record.resting.append(order_seen("10"))

    assert await books.sweep.run("test") is True

    assert books.ledger.swept == [NOW]
    assert [booking.seen.trade for booking in books.ledger.bookings] == ["t1"]
    assert books.meter.complete == [True]


async def test_a_sweep_books_what_it_can_read_and_is_not_complete_while_a_trade_of_ours_cannot_be_read(
    books: Books,
) -> None:
    books.record.trades.append(seen())
    books.record.unread = "maker_orders: none of ours in a trade of ours"

    assert await books.sweep.run("test") is False

    assert len(books.ledger.bookings) == 1
    assert books.ledger.swept == []


async def test_a_sweep_the_venue_did_not_answer_proves_nothing(books: Books) -> None:
    books.record.trades.append(seen())
    books.record.silent = True

    assert await books.sweep.run("test") is False

    assert books.ledger.swept == []
    assert books.meter.complete == [False]
    assert len(books.ledger.bookings) == 1
