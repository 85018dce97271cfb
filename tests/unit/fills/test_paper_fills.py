"""Paper orders watched against tops of books."""

from __future__ import annotations

from datetime import timedelta

import msgspec
import pytest

from services.fills.handlers.book import BookFills
from services.fills.handlers.paper import PaperFills
from shared.domain.ids import AccountId, OrderId, TokenId
from shared.domain.money import Price, Shares
from shared.domain.order import OrderStatus, Side, TimeInForce
from shared.messages.discovery import BookLevel, TopChanged
from shared.messages.executor import OrderChanged
from tests.unit.fills.fakes import END, FEE, MARKET, NOW, FakeLedger, FakeMeter, TurnedClock

ACCOUNT = AccountId("sim:paper:paper")


class Watch:
    def __init__(self) -> None:
        self.ledger, self.clock = FakeLedger(), TurnedClock()
        book = BookFills(self.ledger, self.clock, FakeMeter(), lambda: None)
        self.paper = PaperFills(ACCOUNT, self.ledger, book, self.clock, patience_seconds=30, kick=lambda: None)

    def booked(self) -> list[tuple[str, str, str]]:
        return [(each.order_id, str(each.seen.price), str(each.seen.shares)) for each in self.ledger.bookings]


@pytest.fixture
def watch() -> Watch:
    return Watch()


def order(
    status: str = "live", version: int = 2, account: AccountId = ACCOUNT, filled: str = "0", side: Side = Side.BUY
) -> OrderChanged:
    return OrderChanged(
        order_id=OrderId("a"), account=account, strategy_tag="td", market=MARKET.market, token=TokenId("1"),
        outcome="Up", side=side, purpose="entry", rung=0, attempt=0, price=Price.of("0.80"), shares=Shares.of(10),
        filled=Shares.of(filled), status=OrderStatus(status), reason="", venue_order_id=None, placed_at=NOW,
        version=version,
    )  # fmt: skip


def top(bid: str | None, ask: str | None, token: str = "1", *, known: bool = True) -> TopChanged:
    def side(price: str | None) -> tuple[BookLevel, ...]:
        return () if price is None else (BookLevel(price=Price.of(price), shares=Shares.of(100)),)

    return TopChanged(
        market=MARKET.market, token=TokenId(token), bids=side(bid), asks=side(ask), known=known, seen_at=NOW, sequence=1
    )


async def test_the_whole_remaining_size_fills_at_the_orders_price(watch: Watch) -> None:
    await watch.paper.order(order(filled="4"))

    await watch.paper.top(top("0.79", "0.81"))

    assert watch.booked() == [("a", "0.80", "6")]
    assert watch.ledger.bookings[0].seen.status == "confirmed"


async def test_an_order_is_held_against_the_book_that_was_there_before_it(watch: Watch) -> None:
    await watch.paper.top(top("0.79", "0.81"))

    await watch.paper.order(order())

    assert len(watch.booked()) == 1


async def test_a_quiet_book_fills_an_order_by_time_alone(watch: Watch) -> None:
    await watch.paper.order(order())
    await watch.paper.top(top("0.80", "0.82"))
    watch.clock.turn(29.9)
    await watch.paper.look_at_all()
    assert watch.booked() == []

    watch.clock.turn(0.1)
    await watch.paper.look_at_all()

    assert len(watch.booked()) == 1


async def test_a_filled_order_fills_once(watch: Watch) -> None:
    await watch.paper.order(order())

    await watch.paper.top(top("0.79", "0.81"))
    await watch.paper.top(top("0.78", "0.81"))

    assert len(watch.booked()) == 1


async def test_a_cancelled_order_is_watched_no_more(watch: Watch) -> None:
    await watch.paper.order(order())
    await watch.paper.order(order("cancelled", version=3))

    await watch.paper.top(top("0.79", "0.81"))

    assert watch.booked() == []


async def test_an_older_fact_does_not_bring_a_cancelled_order_back(watch: Watch) -> None:
    await watch.paper.order(order("cancelled", version=3))
    await watch.paper.order(order("live", version=2))

    await watch.paper.top(top("0.79", "0.81"))

    assert watch.booked() == []


@pytest.mark.parametrize(
    "other", [order("submitting"), order(account=AccountId("sim:paper:other")), order(side=Side.SELL)],
    ids=["not there yet", "another account", "a sale"],
)  # fmt: skip
async def test_only_resting_buys_of_ours_are_watched(watch: Watch, other: OrderChanged) -> None:
    await watch.paper.order(other)

    await watch.paper.top(top("0.79", "0.81"))

    assert watch.booked() == []


async def test_another_tokens_book_fills_nothing(watch: Watch) -> None:
    await watch.paper.order(order())

    await watch.paper.top(top("0.10", "0.20", token="2"))

    assert watch.booked() == []


async def test_a_lost_feed_is_a_break(watch: Watch) -> None:
    await watch.paper.order(order())
    await watch.paper.top(top("0.80", "0.82"))
    watch.clock.turn(20)
    await watch.paper.top(top("0.80", "0.82", known=False))
    await watch.paper.top(top("0.80", "0.82"))
    watch.clock.turn(29)

    await watch.paper.look_at_all()

    assert watch.booked() == []


async def test_a_reread_finds_missed_orders_and_keeps_their_time_at_the_best_bid(watch: Watch) -> None:
    await watch.paper.order(order())
    await watch.paper.top(top("0.80", "0.82"))
    watch.clock.turn(15)
    known = watch.paper.watched()[0]
    watch.ledger.resting = [
        known,
        type(known)(OrderId("b"), known.market, known.token, known.price, known.remaining, END),
    ]

    await watch.paper.reread()
    watch.clock.turn(15)
    await watch.paper.look_at_all()

    assert [name for name, _, _ in watch.booked()] == ["a"]
    assert [each.order_id for each in watch.paper.watched()] == ["b"]


async def test_an_order_the_cancel_was_first_for_is_let_go(watch: Watch) -> None:
    await watch.paper.order(order())
    watch.ledger.results.append("too_late")

    await watch.paper.top(top("0.79", "0.81"))

    assert watch.paper.watched() == []


async def test_nothing_fills_after_the_markets_end(watch: Watch) -> None:
    await watch.paper.order(order())
    watch.clock.instant = END + timedelta(seconds=1)

    await watch.paper.top(top("0.79", "0.81"))

    assert watch.booked() == []


def immediate(side: Side, price: str, version: int = 2) -> OrderChanged:
    kind = TimeInForce.FOK if side is Side.BUY else TimeInForce.FAK
    return msgspec.structs.replace(
        order(side=side, version=version), price=Price.of(price), time_in_force=kind, post_only=False
    )


async def test_a_taker_pays_the_markets_fee(watch: Watch) -> None:
    await watch.paper.top(top("0.78", "0.80"))

    await watch.paper.order(immediate(Side.BUY, "0.80"))

    assert watch.booked() == [("a", "0.80", "10.00")]
    assert (watch.ledger.bookings[0].fee, watch.ledger.bookings[0].seen.liquidity) == (FEE, "taker")
    assert watch.paper.watched() == []


async def test_a_taker_is_killed_at_the_first_look_and_never_waits(watch: Watch) -> None:
    await watch.paper.top(top("0.78", "0.81"))
    await watch.paper.order(immediate(Side.BUY, "0.80"))

    await watch.paper.top(top("0.78", "0.80"))

    assert watch.booked() == []
    assert [(order, event) for order, event, _ in watch.ledger.events] == [("a", "cancelled")]


async def test_a_sale_is_filled_at_the_bid_and_its_rest_killed(watch: Watch) -> None:
    await watch.paper.top(top("0.40", "0.42"))

    await watch.paper.order(immediate(Side.SELL, "0.01"))

    assert watch.booked() == [("a", "0.40", "10")]
    assert [event for _, event, _ in watch.ledger.events] == ["cancelled"]
    assert watch.paper.watched() == []
