"""The ledger adapter: what goes in comes out as the handlers' words."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest

from services.fills.adapters.ledger import PostgresLedger
from services.fills.domain.dollars import UNITS_PER_DOLLAR, OwnCash, Payout
from services.fills.domain.sightings import Booking, FillSeen
from services.fills.ports import LedgerUnavailableError
from shared.db.lease import Lease
from shared.db.pool import Pool, new_pool
from shared.domain.ids import AccountId, MarketId, OrderId, TokenId, TradeId, VenueOrderId
from shared.domain.market import ProtocolVersion
from shared.domain.money import NO_CASH, Cash, Price, Shares
from shared.runtime.clock import RealClock
from tests.integration.db.desk import ACCOUNT, DURING, END, Desk, order_name

pytestmark = pytest.mark.servers
ORDER = OrderId(order_name("m1", "Up", 0, 0))
FILL = FillSeen(
    VenueOrderId(f"venue-{ORDER}"), TradeId("t1"), "7", MarketId("m1"), TokenId("m1-Up"), Price.of("0.80"),
    Shares.of("8"), NO_CASH, "maker", "provisional", "user", DURING,
)  # fmt: skip


class Office:
    def __init__(self, desk: Desk, pool: Pool) -> None:
        self.desk = desk
        self.lease = Lease(pool, f"{ACCOUNT}/fills", "here")
        self.ledger = PostgresLedger(pool, AccountId(ACCOUNT), self.lease, RealClock())


@pytest.fixture
async def office(postgres_database: str) -> AsyncIterator[Office]:
    desk = await asyncio.to_thread(Desk.opened, postgres_database)
    pool = new_pool(postgres_database, "fills")
    await pool.open()
    opened = Office(desk, pool)
    assert await opened.lease.take()
    yield opened
    await pool.close()
    assert desk.differences() == []
    desk.close()


async def test_a_booking_goes_in_whole(office: Office) -> None:
    office.desk.placed()

    assert await office.ledger.book(Booking(ORDER, FILL, NO_CASH)) == "booked"
    assert await office.ledger.book(Booking(ORDER, FILL, NO_CASH)) == "seen"

    assert office.desk.rows("select trade_id, bucket, price, shares, liquidity, source from fill") == [
        ("t1", "7", Decimal("0.80"), Decimal(8), "maker", "user")
    ]


async def test_a_parked_fill_keeps_everything_that_was_seen(office: Office) -> None:
    await office.ledger.park(FILL, "unknown_order")

    payload = office.desk.one("select payload from unmatched_fill")
    assert (payload["trade"], payload["shares"], payload["price"]) == ("t1", "8", "0.80")
    assert await office.ledger.resolve_parked(FILL) is True


async def test_final_orders_are_known_for_ever(office: Office) -> None:
    office.desk.event(office.desk.placed(), "cancelled")

    found = await office.ledger.known_orders([VenueOrderId(f"venue-{ORDER}"), VenueOrderId("0xother")])

    assert [(order.order_id, order.status) for order in found] == [(ORDER, "cancelled")]


async def test_a_sweep_is_wanted_when_the_venue_matched_more_than_was_booked(office: Office) -> None:
    office.desk.placed()
    assert await office.ledger.wants_sweep(DURING) is False

    office.desk.event(ORDER, "matched", "8")
    assert await office.ledger.wants_sweep(DURING) is True

    await office.ledger.book(Booking(ORDER, FILL, NO_CASH))
    assert await office.ledger.wants_sweep(DURING) is False


async def test_a_sweep_is_wanted_from_a_markets_end_until_one_began_after_it(office: Office) -> None:
    office.desk.placed()
    assert await office.ledger.wants_sweep(END - timedelta(milliseconds=1)) is False
    assert await office.ledger.wants_sweep(END) is True

    await office.ledger.mark_swept(END)

    assert await office.ledger.wants_sweep(END) is False


async def test_a_settled_market_is_swept_while_a_fill_of_it_may_still_fail(office: Office) -> None:
    office.desk.placed(shares="8")
    await office.ledger.book(Booking(ORDER, FILL, NO_CASH))
    await office.ledger.mark_swept(END)
    office.desk.settle()
    assert await office.ledger.markets_to_sweep() == ["m1"]

    office.desk.fill(ORDER, "t1", "8", status="confirmed", bucket="7")

    assert await office.ledger.markets_to_sweep() == []


async def test_paper_watches_resting_buys(office: Office) -> None:
    office.desk.placed()
    await office.ledger.book(Booking(ORDER, FILL, NO_CASH))

    orders = await office.ledger.paper_orders()

    assert [(order.order_id, order.remaining, order.market_ends_at) for order in orders] == [
        (ORDER, Shares.of(12), END)
    ]


async def test_the_newest_thousand_frames_are_kept(office: Office) -> None:
    for number in range(1003):
        await office.ledger.keep_frame("clob.user", "not JSON", str(number))

    assert office.desk.rows("select count(*), min(excerpt::int) from parked_frame") == [(1000, 3)]


async def test_a_holder_that_lost_its_lease_books_nothing(office: Office) -> None:
    office.desk.placed()
    office.desk.one("update lease set holder = 'there', epoch = epoch + 1 where name like '%%/fills' returning 1")

    with pytest.raises(LedgerUnavailableError):
        await office.ledger.book(Booking(ORDER, FILL, NO_CASH))

    assert office.desk.position() is None


async def test_a_market_is_found_in_the_table(office: Office) -> None:
    office.desk.placed()

    market = await office.ledger.market(MarketId("m1"))

    assert market is not None
    assert market.end == END
    assert await office.ledger.market(MarketId("m9")) is None


def units(dollars: str) -> int:
    return int(Decimal(dollars) * UNITS_PER_DOLLAR)


async def test_a_purchase_that_is_not_on_the_chain_is_counted_and_under_way(office: Office) -> None:
    assert await office.ledger.own_cash() == OwnCash(payouts=[])
    office.desk.placed()

    await office.ledger.book(Booking(ORDER, FILL, NO_CASH))

    own = await office.ledger.own_cash()
    assert (own.stated, own.moved, own.spent, own.most) == (None, units("-6.4"), units("6.4"), units("8"))
    assert (own.taken, own.odd) == (0, 0)


async def test_what_rests_has_not_left_the_wallet(office: Office) -> None:
    office.desk.placed()

    assert (await office.ledger.own_cash()).moved == 0


async def test_a_takers_fill_and_one_of_no_whole_unit_may_differ(office: Office) -> None:
    office.desk.placed()
    taken = replace(FILL, liquidity="taker", shares=Shares.of("8.000001"))

    await office.ledger.book(Booking(ORDER, taken, Cash.of("0.08960")))

    own = await office.ledger.own_cash()
    assert (own.taken, own.odd, own.moved) == (1, 2, units("-6.489601"))
    assert own.spent == units("6.489601")


async def test_what_the_last_word_pays_is_to_come_until_its_token_is_gone_and_again_after_a_late_fill(
    office: Office,
) -> None:
    office.desk.placed()
    await office.ledger.book(Booking(ORDER, replace(FILL, status="confirmed"), NO_CASH))
    office.desk.event(ORDER, "cancelled")
    await office.ledger.mark_swept(END)
    office.desk.settle(kind="forced")
    own = await office.ledger.own_cash()
    assert (own.booked, own.most, own.payouts) == (units("8"), units("8"), [])
    office.desk.settle()
    own = await office.ledger.own_cash()
    assert (own.booked, own.most, own.moved) == (0, 0, units("1.6"))
    assert own.payouts == [Payout(FILL.token, ProtocolVersion.V1, units("8"))]

    await office.ledger.mark_paid_out([FILL.token])
    assert (await office.ledger.own_cash()).payouts == []

    await office.ledger.book(
        Booking(ORDER, replace(FILL, trade=TradeId("t2"), shares=Shares.of(2), status="confirmed"), NO_CASH)
    )
    assert (await office.ledger.own_cash()).most == units("2")
    office.desk.settle()
    assert (await office.ledger.own_cash()).payouts == [Payout(FILL.token, ProtocolVersion.V1, units("2"))]


async def test_nothing_before_the_statement_is_counted_again(office: Office) -> None:
    office.desk.placed()
    await office.ledger.book(Booking(ORDER, replace(FILL, liquidity="taker", status="confirmed"), NO_CASH))
    own = await office.ledger.own_cash()

    await office.ledger.state_cash(units("93.6"), own)

    again = await office.ledger.own_cash()
    assert (again.stated, again.moved, again.taken, again.is_newer) == (units("93.6"), 0, 0, False)
    office.desk.one("select adjust_cash(%s, 'withdraw', 5, 'me', '')", ACCOUNT)
    again = await office.ledger.own_cash()
    assert (again.moved, again.is_newer) == (units("-5"), True)
