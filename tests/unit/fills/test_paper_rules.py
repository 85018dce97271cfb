"""When a paper order fills, at the rules' boundaries."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.fills.domain.paper import Match, PaperOrder, PaperTop, look, match_at_once
from shared.domain.ids import MarketId, OrderId, TokenId
from shared.domain.money import Price, Shares
from shared.domain.order import Side, TimeInForce

NOW = datetime(2026, 4, 1, 12, 5, tzinfo=UTC)
END = NOW + timedelta(minutes=10)
ORDER = PaperOrder(OrderId("a"), MarketId("m1"), TokenId("1"), Price.of("0.80"), Shares.of(10), END)
PATIENCE_SECONDS = 30.0


def top(bid: str | None, ask: str | None, *, is_known: bool = True) -> PaperTop:
    return PaperTop(Price.of(bid) if bid else None, Price.of(ask) if ask else None, is_known)


def fills(shown: PaperTop | None, order: PaperOrder = ORDER, now: datetime = NOW) -> bool:
    return look(order, shown, now, PATIENCE_SECONDS)[1]


@pytest.mark.parametrize(
    ("bid", "ask", "expected"),
    [
        ("0.78", "0.80", True),
        ("0.78", "0.79", True),
        (None, "0.80", True),
        ("0.80", "0.81", False),
        ("0.79", "0.81", True),
        ("0.79", None, True),
        (None, "0.81", False),
        (None, None, False),
        ("0.81", "0.82", False),
    ],
)
def test_the_ask_reaches_it_or_the_bid_falls_below_it(bid: str | None, ask: str | None, *, expected: bool) -> None:
    assert fills(top(bid, ask)) is expected


def test_an_unknown_book_fills_nothing() -> None:
    assert not fills(None)
    assert not fills(top("0.78", "0.79", is_known=False))


def test_nothing_fills_at_the_markets_end() -> None:
    assert not fills(top("0.78", "0.79"), now=END)
    assert fills(top("0.78", "0.79"), now=END - timedelta(milliseconds=1))


def watched(*looks: tuple[float, PaperTop]) -> list[bool]:
    """Whether it filled at each of the looks, given as seconds from now."""
    order, seen = ORDER, list[bool]()
    for seconds, shown in looks:
        order, is_filled = look(order, shown, NOW + timedelta(seconds=seconds), PATIENCE_SECONDS)
        seen.append(is_filled)
    return seen


BEST = top("0.80", "0.83")


def test_time_at_the_best_bid_on_a_narrow_spread_fills_it() -> None:
    assert watched((0, BEST), (29.999, BEST), (30, BEST)) == [False, False, True]


def test_a_wide_spread_is_no_such_time() -> None:
    assert watched((0, top("0.80", "0.84")), (60, top("0.80", "0.84"))) == [False, False]


@pytest.mark.parametrize(
    "gap",
    [
        top("0.81", "0.83"),
        top("0.80", "0.84"),
        top("0.80", None),
        top(None, "0.83"),
        top("0.80", "0.82", is_known=False),
    ],
    ids=["better bid", "wide", "no ask", "no bid", "unknown"],
)
def test_a_break_starts_the_time_again(gap: PaperTop) -> None:
    assert watched((0, BEST), (20, gap), (21, BEST), (50, BEST), (51, BEST)) == [False, False, False, False, True]


def test_the_same_fill_of_the_same_order_always_has_the_same_trade() -> None:
    assert ORDER.next_trade() == "paper-a-1"


CENTS = st.integers(1, 99).map(lambda cents: f"0.{cents:02d}")


@given(bid=st.none() | CENTS, ask=st.none() | CENTS, price=CENTS)
def test_at_first_sight_only_a_crossed_or_passed_order_fills(bid: str | None, ask: str | None, price: str) -> None:
    order = replace(ORDER, price=Price.of(price))

    reached = ask is not None and Price.of(ask) <= order.price
    passed = bid is not None and Price.of(bid) < order.price

    assert fills(top(bid, ask), order) is (reached or passed)


TAKER = replace(ORDER, time_in_force=TimeInForce.FOK)
SALE = replace(ORDER, time_in_force=TimeInForce.FAK, side=Side.SELL, price=Price.of("0.30"))


@pytest.mark.parametrize(
    ("ask", "price", "shares"), [("0.80", "0.80", "10"), ("0.79", "0.79", "10.12")], ids=["its own price", "better"]
)
def test_a_taker_spends_its_dollars_at_the_ask(ask: str, price: str, shares: str) -> None:
    assert match_at_once(TAKER, top("0.78", ask), NOW) == Match(Price.of(price), Shares.of(shares))


@pytest.mark.parametrize(
    "shown", [top("0.78", "0.81"), top("0.78", None), top("0.78", "0.80", is_known=False), None],
    ids=["ask above its price", "no ask", "unknown book", "no book"],
)  # fmt: skip
def test_a_taker_without_its_ask_is_killed(shown: PaperTop | None) -> None:
    assert match_at_once(TAKER, shown, NOW) is None


def test_nothing_is_matched_at_the_markets_end() -> None:
    assert match_at_once(TAKER, top("0.78", "0.80"), END) is None


@pytest.mark.parametrize(
    ("size", "sold"), [(None, "10"), ("10", "10"), ("9.99", "9.99"), ("100", "10")],
    ids=["size unknown", "just enough", "less", "more"],
)  # fmt: skip
def test_a_sale_goes_to_the_best_bid_up_to_its_size(size: str | None, sold: str) -> None:
    shown = replace(top("0.30", "0.32"), bid_shares=None if size is None else Shares.of(size))

    assert match_at_once(SALE, shown, NOW) == Match(Price.of("0.30"), Shares.of(sold))


@pytest.mark.parametrize("shown", [top("0.29", "0.32"), top(None, "0.32"), None], ids=["below", "no bid", "no book"])
def test_a_sale_without_its_bid_is_killed(shown: PaperTop | None) -> None:
    assert match_at_once(SALE, shown, NOW) is None
