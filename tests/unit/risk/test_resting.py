"""Which bids of ours may stand in a book, whatever is told twice or late."""

from __future__ import annotations

from dataclasses import replace

from services.risk.domain.resting import Resting
from shared.domain.ids import OrderId
from shared.domain.money import Price, Shares
from shared.domain.order import Order, OrderStatus, Side
from tests.unit.risk.tops import MARKET, START, UP

LIVE = Order(
    order_id=OrderId("td/m1/Up/0/0"), market=MARKET, token=UP, outcome="Up", side=Side.BUY, rung=0, attempt=0,
    price=Price.of("0.75"), shares=Shares.of(10), filled=Shares.of(0), status=OrderStatus.LIVE, venue_order_id=None,
    placed_at=START, version=2,
)  # fmt: skip
OVER = replace(LIVE, status=OrderStatus.CANCELLED, version=3)


def test_a_bid_stands_until_it_is_over() -> None:
    resting = Resting(books_show_them=True)
    resting.put(LIVE)
    assert resting.bids(UP) == {Price.of("0.75"): Shares.of(10)}
    resting.put(OVER)
    assert resting.bids(UP) == {}


def test_an_older_word_does_not_bring_a_bid_back_that_is_over() -> None:
    resting = Resting(books_show_them=True)
    for told in (LIVE, OVER, LIVE):
        resting.put(told)
    assert resting.bids(UP) == {}


def test_a_sale_is_no_bid() -> None:
    resting = Resting(books_show_them=True)
    resting.put(replace(LIVE, side=Side.SELL))
    assert (resting.bids(UP), resting.tokens()) == ({}, frozenset())
