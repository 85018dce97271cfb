"""What only the venue knows is adopted and booked; what it cannot be, is told."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from services.fills.domain.adoption import NOT_YET, LostOrder, order_behind
from services.fills.domain.sightings import FillSeen
from services.fills.handlers.book import BookFills
from services.fills.handlers.orders import FollowOrders
from services.fills.handlers.rebuild import Rebuild
from services.fills.handlers.sweep import LISTED_AHEAD, OVERLAP, Sweep
from shared.domain.ids import MarketId, TokenId, TradeId, VenueOrderId
from shared.domain.money import Price, Shares
from shared.domain.order import OrderStatus, Side
from tests.unit.fills.fakes import NOW, FakeLedger, FakeMeter, FakeRecord, TurnedClock, order_seen, seen

THEIRS = VenueOrderId("0xlost")
LOST = LostOrder(
    THEIRS, MarketId("m1"), TokenId("1"), Side.BUY, Price.of("0.80"), Shares.of(20), "GTC", NOW
)  # fmt: skip


def trade(trade: str = "t1", *, side: Side = Side.BUY, seconds: int = 0, **changes: object) -> FillSeen:
    at = NOW + timedelta(seconds=seconds)
    return seen(venue_order_id=THEIRS, trade=TradeId(trade), side=side, occurred_at=at, **changes)


class Office:
    def __init__(self, orphans: str = "cancel") -> None:
        self.ledger, self.record, self.meter, clock = FakeLedger(), FakeRecord(), FakeMeter(), TurnedClock()
        fills = BookFills(self.ledger, clock, self.meter, lambda: None)
        orders = FollowOrders(self.ledger, self.meter, lambda _: None, lambda: None)
        rebuild = Rebuild(self.ledger, self.record, self.meter, lambda: None, orphans)
        self.sweep = Sweep(self.ledger, self.record, fills, orders, clock, self.meter, rebuild)

    def booked(self) -> list[tuple[str, str]]:
        return [(booking.order_id, booking.seen.trade) for booking in self.ledger.bookings]


@pytest.fixture
def office() -> Office:
    return Office()


async def test_an_order_that_rests_there_and_is_not_ours_yet_is_adopted_to_be_cancelled(office: Office) -> None:
    office.record.resting.append(order_seen(venue_order=THEIRS))
    office.record.lost[THEIRS] = LOST

    await office.sweep.run("test")

    assert office.ledger.adopted == [(LOST, OrderStatus.CANCELLING)]
    assert (office.meter.adoptions, office.meter.foreign) == (1, 0)


async def test_where_orphans_are_left_alone_it_goes_on_resting() -> None:
    office = Office("adopt")
    office.record.resting.append(order_seen(venue_order=THEIRS))
    office.record.lost[THEIRS] = LOST

    await office.sweep.run("test")

    assert office.ledger.adopted == [(LOST, OrderStatus.LIVE)]


async def test_a_trade_whose_order_was_lost_is_booked_to_it_and_not_kept(office: Office) -> None:
    office.record.trades.append(trade())
    office.record.lost[THEIRS] = LOST

    await office.sweep.run("test")

    assert office.booked() == [(THEIRS, "t1")]
    assert office.ledger.parked == {}


async def test_what_was_bought_is_booked_before_what_was_sold_of_it(office: Office) -> None:
    office.record.trades += [trade("t3", seconds=2), trade("t2", side=Side.SELL), trade("t1")]
    office.record.lost[THEIRS] = LOST

    await office.sweep.run("test")

    assert [name for _, name in office.booked()] == ["t1", "t2", "t3"]


async def test_a_market_that_the_tables_know_nothing_of_is_rebuilt_too(office: Office) -> None:
    office.record.elsewhere.append(trade(market=MarketId("m2")))
    office.record.lost[THEIRS] = replace(LOST, market=MarketId("m2"))

    await office.sweep.run("test")
    await office.sweep.run("test")

    assert office.booked() == [(THEIRS, "t1"), (THEIRS, "t1")]  # the ledger knows the second one
    assert len(office.ledger.adopted) == 1
    assert office.record.asked_since == [NOW - LISTED_AHEAD - OVERLAP, NOW - OVERLAP]


async def test_a_market_that_is_in_no_table_is_told_of_and_blocks_nothing(office: Office) -> None:
    office.record.elsewhere.append(trade(market=MarketId("m9")))
    office.record.lost[THEIRS] = LOST

    assert [await office.sweep.run("test"), await office.sweep.run("test")] == [True, True]

    assert (office.booked(), office.ledger.parked, office.ledger.adopted) == ([], {}, [])
    assert office.ledger.alerts == ["the venue has orders or trades of ours in markets that we do not know: m9"]


async def test_before_the_executor_has_dealt_with_orphans_a_trade_is_kept_and_booked_later(office: Office) -> None:
    office.record.trades.append(trade())
    office.record.lost[THEIRS] = LOST
    office.ledger.refusal = NOT_YET
    await office.sweep.run("test")
    assert office.ledger.parked == {TradeId("t1"): "unknown_order"}
    assert office.ledger.alerts == []

    office.ledger.refusal = ""
    await office.sweep.run("test")

    assert office.booked() == [(THEIRS, "t1")]


async def test_an_order_that_the_venue_no_longer_shows_is_what_its_trades_prove(office: Office) -> None:
    fills = [trade("t1", price=Price.of("0.78"), seconds=3), trade("t2", shares=Shares.of(4))]
    office.record.trades += fills

    await office.sweep.run("test")

    assert office.ledger.adopted == [(replace(LOST, shares=Shares.of(14)), OrderStatus.CANCELLING)]


def test_failed_trades_prove_no_order() -> None:
    assert order_behind([trade(status="failed")]) is None


def test_a_lost_sale_is_as_low_as_its_lowest_price() -> None:
    fills = [trade(side=Side.SELL), trade("t2", side=Side.SELL, price=Price.of("0.78"))]

    found = order_behind(fills)

    assert found is not None
    assert (found.side, found.price) == (Side.SELL, Price.of("0.78"))
