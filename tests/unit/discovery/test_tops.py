"""What is told of a book, and when."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from services.discovery.domain.tops import TopBoard
from shared.domain.book import Level
from shared.domain.ids import MarketId, TokenId
from shared.domain.money import Price, Shares
from shared.domain.order import Side
from shared.messages.discovery import TopChanged

NOON = datetime(2026, 4, 1, 12, tzinfo=UTC)
MARKET, UP, DOWN = MarketId("0xabc"), TokenId("111"), TokenId("222")
BIDS, ASKS = ("0.80", "0.79"), ("0.83",)


def levels(*prices: str) -> tuple[Level, ...]:
    return tuple(Level(Price.of(price), Shares.of(10)) for price in prices)


def board(*, known: bool = True) -> TopBoard:
    made = TopBoard()
    made.watch(MARKET, [UP, DOWN], NOON)
    if known:
        made.put(UP, levels(*BIDS), levels(*ASKS))
        told(made, UP)
    return made


def told(of: TopBoard, token: TokenId) -> TopChanged:
    of.changed.pop(token, None)
    top = of.tell(token)
    assert top is not None
    return top


def test_the_first_snapshot_is_told() -> None:
    made = board(known=False)
    assert made.put(UP, levels(*BIDS), levels(*ASKS), 1.5)
    assert made.changed == {UP: 1.5}
    top = told(made, UP)
    assert [str(bid.price) for bid in top.bids] == ["0.80", "0.79"]
    assert (top.known, top.sequence) == (True, 1)


def test_the_same_top_again_is_not_told() -> None:
    made = board()
    assert not made.put(UP, levels(*BIDS), levels(*ASKS))
    assert not made.changed


@pytest.mark.parametrize(
    ("bids", "asks"),
    [(("0.81", "0.80"), ASKS), (("0.80", "0.78"), ASKS), (BIDS, ("0.84",)), ((), ASKS), (BIDS, ())],
    ids=["best bid", "second bid", "ask", "no bid", "no ask"],
)
def test_a_change_of_two_bids_or_the_ask_is_told(bids: tuple[str, ...], asks: tuple[str, ...]) -> None:
    assert board().put(UP, levels(*bids), levels(*asks))


@pytest.mark.parametrize(
    ("side", "price", "touches"),
    [
        (Side.BUY, "0.79", True),
        (Side.BUY, "0.78", False),
        (Side.BUY, "0.90", True),
        (Side.SELL, "0.83", True),
        (Side.SELL, "0.84", False),
        (Side.SELL, "0.10", True),
    ],
)
def test_only_a_change_at_the_top_is_looked_into(side: Side, price: str, touches: bool) -> None:
    assert board().is_top_touched(UP, side, Price.of(price)) is touches


def test_with_fewer_levels_than_are_told_every_change_counts() -> None:
    made = board()
    made.put(UP, levels("0.80"), ())
    assert made.is_top_touched(UP, Side.BUY, Price.of("0.01"))
    assert made.is_top_touched(UP, Side.SELL, Price.of("0.99"))


def test_a_lost_connection_makes_every_known_book_unknown_until_its_next_snapshot() -> None:
    made = board()
    made.lose([UP, DOWN], NOON)
    assert list(made.changed) == [UP]
    assert not told(made, UP).known
    assert made.put(UP, levels(*BIDS), levels(*ASKS))
    assert told(made, UP).known


def test_a_book_seen_since_it_was_told_is_told_again_so_that_it_does_not_look_stale() -> None:
    made = board()
    made.seen(UP, NOON + timedelta(seconds=4.9))
    assert not made.refresh(timedelta(seconds=5))
    made.seen(UP, NOON + timedelta(seconds=5))
    assert made.refresh(timedelta(seconds=5))
    assert told(made, UP).seen_at == NOON + timedelta(seconds=5)
    assert not made.refresh(timedelta(seconds=5))


def test_a_quiet_book_and_a_missing_one_are_named_from_their_limit_on() -> None:
    made, span = board(), timedelta(seconds=10)
    just_before = NOON + span - timedelta(milliseconds=1)
    assert (made.quiet(just_before, span), made.missing(just_before, span)) == ([], [])
    assert (made.quiet(NOON + span, span), made.missing(NOON + span, span)) == ([UP], [DOWN])


def test_the_freshest_book_is_one_with_a_level() -> None:
    made = board()
    made.put(DOWN, (), ())
    made.seen(DOWN, NOON + timedelta(seconds=9))
    assert made.freshest([UP, DOWN]) == NOON
    assert made.freshest([DOWN]) is None


def test_a_forgotten_token_is_told_no_more() -> None:
    made = board()
    made.lose([UP, DOWN], NOON)
    made.forget([UP, DOWN])
    assert not made.changed
    assert made.tell(UP) is None
    assert not made.put(UP, levels(*BIDS), levels(*ASKS))


def test_what_changed_twice_keeps_the_instant_of_its_first_change() -> None:
    made = board()
    made.put(UP, levels("0.81"), (), 1.0)
    made.put(UP, levels("0.82"), (), 2.0)
    assert made.changed == {UP: 1.0}
