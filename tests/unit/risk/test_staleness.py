"""How old the freshest usable book is, and what that forbids (strategy section 10)."""

from __future__ import annotations

from datetime import datetime

import pytest

from services.risk.domain.staleness import FreshestBook, Limits, Measure, SlotTimes, stale_cause
from shared.domain.ids import MarketId
from shared.messages.discovery import TopChanged
from tests.unit.risk.tops import MARKET, NEXT, SLOT, START, at, level, top

LIMITS = Limits(no_entries_seconds=30, cancel_seconds=120, restart_seconds=300)


def watching(since: datetime = START) -> FreshestBook:
    """Two slots, one after the other; the watch begins with the first one."""
    books = FreshestBook()
    books.know(MARKET, SlotTimes(START, START + SLOT))
    books.know(NEXT, SlotTimes(START + SLOT, START + 2 * SLOT))
    books.age_seconds(since)
    return books


@pytest.mark.parametrize(
    ("age_seconds", "measure"),
    [
        (None, Measure.NONE),
        (0.0, Measure.NONE),
        (30.0, Measure.NONE),
        (30.1, Measure.NO_ENTRIES),
        (120.0, Measure.NO_ENTRIES),
        (120.1, Measure.CANCEL),
        (300.0, Measure.CANCEL),
        (300.1, Measure.RESTART_FEED),
    ],
)
def test_the_measures_grow_with_the_age(age_seconds: float | None, measure: Measure) -> None:
    assert LIMITS.measure(age_seconds) is measure


def test_only_from_the_second_measure_on_resting_entries_are_cancelled() -> None:
    assert stale_cause(Measure.NONE, 1) is None
    causes = [stale_cause(measure, 400) for measure in (Measure.NO_ENTRIES, Measure.CANCEL, Measure.RESTART_FEED)]
    assert [cause.cancels for cause in causes if cause] == [False, True, True]


def test_any_usable_book_is_a_sign_of_life() -> None:
    books = watching()
    books.hear(top(at(seconds=50), level("0.8")))
    assert books.age_seconds(at(seconds=60)) == 10


@pytest.mark.parametrize(
    "heard",
    [
        pytest.param(top(at(seconds=50)), id="a snapshot without bids and asks"),
        pytest.param(top(at(seconds=50), level("0.8"), known=False), id="a book lost with its connection"),
        pytest.param(top(at(seconds=50), level("0.8"), market=MarketId("0xother")), id="a market nobody listed"),
        pytest.param(top(at(seconds=50), level("0.8"), market=NEXT), id="a market before its slot"),
    ],
)
def test_what_is_no_sign_of_life(heard: TopChanged) -> None:
    books = watching()
    books.hear(heard)
    assert books.age_seconds(at(seconds=60)) == 60


def test_one_side_is_enough() -> None:
    books = watching()
    books.hear(top(at(seconds=50), asks=(level("0.9"),)))
    assert books.age_seconds(at(seconds=60)) == 10


def test_without_a_market_in_its_slot_nothing_is_stale() -> None:
    books = watching()
    assert books.age_seconds(START + 3 * SLOT) is None


def test_silence_is_counted_from_when_there_was_a_market_to_show_a_book() -> None:
    books = FreshestBook()
    assert books.age_seconds(at(hours=-2)) is None
    books.know(MARKET, SlotTimes(START, START + SLOT))
    assert books.age_seconds(at(seconds=0)) == 0
    assert books.age_seconds(at(seconds=40)) == 40


def test_a_new_slot_does_not_begin_with_an_alarm() -> None:
    books = watching()
    books.hear(top(at(minutes=14, seconds=58), level("0.99")))
    assert books.age_seconds(at(minutes=15, seconds=1)) == 3


def test_a_new_slot_does_not_hide_that_the_feed_is_dead() -> None:
    books = watching()
    books.hear(top(at(minutes=14), level("0.99")))
    assert books.age_seconds(at(minutes=15, seconds=1)) == 61


def test_what_a_market_showed_before_its_slot_counts_once_it_is_in_it() -> None:
    books = watching()
    books.hear(top(at(minutes=14, seconds=59), level("0.5"), market=NEXT))
    assert books.age_seconds(at(minutes=15, seconds=1)) == 2


def test_a_fresh_book_ends_the_staleness() -> None:
    books = watching()
    assert books.age_seconds(at(minutes=6)) == 360
    books.hear(top(at(minutes=6), level("0.8")))
    assert books.age_seconds(at(minutes=6)) == 0


def test_a_book_a_little_ahead_of_our_clock_is_fresh() -> None:
    books = watching()
    books.hear(top(at(seconds=61), level("0.8")))
    assert books.age_seconds(at(seconds=60)) == 0
