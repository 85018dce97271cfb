"""The highest bid since the first fill (strategy section 9)."""

from __future__ import annotations

from services.risk.domain.highest_bid import HighestBids, Rise
from shared.domain.ids import TokenId
from shared.domain.money import Price, Shares
from tests.unit.risk.tops import MARKET, START, UP, level, top


def holding(highest: str | None = "0.80") -> HighestBids:
    bids = HighestBids()
    bids.hold(MARKET, UP, Shares.of(5), 1, None if highest is None else Price.of(highest))
    return bids


def rise(bid: str) -> Rise:
    return Rise(MARKET, UP, Price.of(bid))


def test_a_higher_bid_is_kept_once() -> None:
    bids = holding()
    bids.hear(top(START, level("0.83")), {})
    assert bids.due(0) == [rise("0.83")]
    assert bids.due(10) == []


def test_a_bid_that_falls_or_stays_is_not_kept() -> None:
    bids = holding()
    bids.hear(top(START, level("0.80")), {})
    bids.hear(top(START, level("0.40")), {})
    assert bids.due(0) == []


def test_one_position_is_kept_once_a_second_and_no_peak_is_lost_in_between() -> None:
    bids = holding()
    bids.hear(top(START, level("0.83")), {})
    assert bids.due(0) == [rise("0.83")]
    bids.hear(top(START, level("0.91")), {})
    bids.hear(top(START, level("0.50")), {})
    assert bids.due(0.9) == []
    assert bids.due(1.0) == [rise("0.91")]


def test_our_own_bid_is_no_evidence() -> None:
    bids = holding("0.70")
    bids.hear(top(START, level("0.85", "6"), level("0.79")), {Price.of("0.85"): Shares.of(6)})
    assert bids.due(0) == [rise("0.79")]


def test_a_book_lost_with_its_connection_and_a_token_not_held_say_nothing() -> None:
    bids = holding()
    bids.hear(top(START, level("0.99"), known=False), {})
    HighestBids().hear(top(START, level("0.99")), {})
    assert bids.due(0) == []


def test_nothing_is_kept_once_the_position_is_gone() -> None:
    bids = holding()
    bids.hold(MARKET, UP, Shares.of(0), 2, None)
    bids.hear(top(START, level("0.99")), {})
    assert bids.due(0) == []


def test_an_older_version_of_the_position_changes_nothing() -> None:
    bids = holding()
    bids.hold(MARKET, UP, Shares.of(0), 3, None)
    bids.hold(MARKET, UP, Shares.of(5), 2, None)
    bids.hear(top(START, level("0.99")), {})
    assert bids.due(0) == []


def test_without_a_known_highest_the_first_bid_counts() -> None:
    bids = holding(None)
    bids.hear(top(START, level("0.10")), {})
    assert bids.due(0) == [rise("0.10")]


def test_a_rise_that_could_not_be_written_is_tried_again() -> None:
    bids = holding()
    bids.hear(top(START, level("0.83")), {})
    (first,) = bids.due(0)
    bids.failed(first)
    assert bids.due(1.0) == [rise("0.83")]


def test_a_forgotten_position_is_not_watched() -> None:
    bids = holding()
    bids.forget([UP, TokenId("unknown")])
    bids.hear(top(START, level("0.99")), {})
    assert bids.tokens() == frozenset()
    assert bids.due(0) == []
