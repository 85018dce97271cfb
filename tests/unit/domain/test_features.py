"""Every feature by its definition (strategy section 6)."""

from __future__ import annotations

import math
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from shared.domain.book import Level, Top
from shared.domain.features import (
    ENTRY_FEATURES,
    EXIT_FEATURES,
    BookRing,
    BookView,
    Holding,
    Quote,
    book_view,
    entry_features,
    exit_features,
)
from shared.domain.ids import TokenId
from shared.domain.money import Price, Shares

START = datetime(2026, 6, 8, 12, 0, tzinfo=UTC)
NOW = START + timedelta(minutes=6)
UP = Quote(0.78, 0.81, 100, 40)
DOWN = Quote(0.19, 0.21, 60, 90)
NOTHING = Quote()


def seen(seconds_ago: float, up: Quote = UP, down: Quote = DOWN) -> BookView:
    return BookView(up, down, NOW - timedelta(seconds=seconds_ago))


def ring(*views: BookView) -> BookRing:
    filled = BookRing()
    for view in views:
        filled.see(view)
    return filled


def entry(
    up: Quote = UP,
    down: Quote = DOWN,
    *,
    before: BookRing | None = None,
    move: float = 0.3,
    now: datetime = NOW,
    start: datetime = START,
) -> dict[str, float]:
    values = entry_features(BookView(up, down, now), before or BookRing(), move, start, now)
    assert all(math.isfinite(value) for value in values)
    return dict(zip(ENTRY_FEATURES, values, strict=True))


def exits(holding: Holding, now: datetime = NOW, end: datetime = START + timedelta(minutes=15)) -> dict[str, float]:
    values = exit_features(tuple(range(len(ENTRY_FEATURES))), holding, end, now)
    assert all(math.isfinite(value) for value in values)
    return dict(zip(EXIT_FEATURES, values, strict=True))


def test_the_lists_name_each_feature_once_and_the_exits_begins_with_the_entrys() -> None:
    assert len(set(EXIT_FEATURES)) == len(EXIT_FEATURES)
    assert EXIT_FEATURES[: len(ENTRY_FEATURES)] == ENTRY_FEATURES


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("up_bid", 0.78),
        ("up_ask", 0.81),
        ("up_spread", 0.03),
        ("up_bid_size", 100),
        ("up_ask_size", 40),
        ("down_bid", 0.19),
        ("down_ask", 0.21),
        ("down_spread", 0.02),
        ("down_bid_size", 60),
        ("down_ask_size", 90),
        ("move_pct", -0.3),
        ("abs_move_pct", 0.3),
        ("minutes_into_slot", 6),
        ("hour_utc", 12),
        ("weekday", 0),
        ("spread_ratio", 1.5),
        ("bid_imbalance", 0.59),
        ("favourite_bid", 0.78),
        ("move_velocity", -0.05),
        ("book_pressure", 0.25),
    ],
)
def test_features_of_one_instant_on_a_monday(name: str, value: float) -> None:
    assert entry(move=-0.3)[name] == pytest.approx(value)


def test_the_favourite_is_the_dearer_bid_of_either_outcome() -> None:
    assert entry(DOWN, UP)["favourite_bid"] == 0.78


def test_sunday_is_6() -> None:
    sunday = datetime(2026, 6, 14, 23, 10, tzinfo=UTC)

    assert (entry(now=sunday)["weekday"], entry(now=sunday)["hour_utc"]) == (6, 23)


@pytest.mark.parametrize(("spread", "ratio"), [(0.0, 30.0), (0.0005, 30.0), (0.001, 30.0), (0.002, 15.0)])
def test_the_spread_ratio_divides_by_a_tenth_of_a_cent_at_least(spread: float, ratio: float) -> None:
    assert entry(down=Quote(0.2, 0.2 + spread))["spread_ratio"] == pytest.approx(ratio)


@pytest.mark.parametrize(("seconds", "velocity"), [(0, 0.6), (30, 0.6), (60, 0.3), (29, 0.6)])
def test_the_velocity_divides_by_half_a_minute_at_least(seconds: float, velocity: float) -> None:
    assert entry(now=START + timedelta(seconds=seconds))["move_velocity"] == pytest.approx(velocity)


def test_an_empty_side_has_price_0_and_pressure_without_sizes_is_0() -> None:
    values = entry(Quote(ask=0.02, ask_size=5), NOTHING)

    assert (values["up_bid"], values["down_bid"], values["down_ask"], values["book_pressure"]) == (0, 0, 0, 0)
    assert (values["up_spread"], values["down_spread"]) == (0.02, 0)


@pytest.mark.parametrize(
    ("name", "seconds", "change"),
    [("bid_change_30s", 30, 0.08), ("bid_change_120s", 120, 0.08), ("ask_change_30s", 30, 0.06)],
)
def test_a_change_is_since_the_snapshot_that_long_ago(name: str, seconds: float, change: float) -> None:
    values = entry(before=ring(seen(seconds, Quote(0.70, 0.75))))

    assert values[name] == pytest.approx(change)


def test_the_spreads_change_looks_back_a_minute() -> None:
    assert entry(before=ring(seen(60, Quote(0.70, 0.75))))["spread_change_60s"] == pytest.approx(-0.02)


@pytest.mark.parametrize(
    ("name", "span"),
    [("bid_change_30s", 30), ("bid_change_120s", 120), ("ask_change_30s", 30), ("spread_change_60s", 60)],
)
def test_a_snapshot_off_by_more_than_four_fifths_of_the_span_is_none(name: str, span: float) -> None:
    other = Quote(0.5, 0.6)

    assert entry(before=ring(seen(span * 1.8, other)))[name] != 0
    assert entry(before=ring(seen(span * 1.8 + 0.001, other)))[name] == 0
    assert entry(before=ring(seen(span * 0.2, other)))[name] != 0
    assert entry(before=ring(seen(span * 0.2 - 0.001, other)))[name] == 0


def test_changes_without_snapshots_are_0() -> None:
    values = entry()

    assert {values[name] for name in ENTRY_FEATURES[-4:]} == {0.0}


def test_the_nearest_snapshot_counts_and_the_older_of_two_as_near() -> None:
    first, second = seen(33, Quote(0.1, 0.2)), seen(27, Quote(0.3, 0.4))

    assert ring(first, second).before(NOW, 30) == first
    assert ring(first, second).before(NOW, 29.9) == second


def test_the_ring_takes_one_snapshot_a_second_and_none_from_the_past() -> None:
    filled = ring(seen(30), seen(29.001, NOTHING), seen(40, NOTHING))

    assert filled.before(NOW, 30) == seen(30)
    assert filled.before(NOW, 40) == seen(30)
    filled.see(seen(29, NOTHING))
    assert filled.before(NOW, 29) == seen(29, NOTHING)


def test_the_ring_keeps_216_seconds() -> None:
    oldest = seen(216)

    assert ring(oldest, seen(0)).before(NOW, 216) == oldest
    assert ring(seen(216.001), seen(0)).before(NOW, 216) is None


def test_a_book_view_reads_tops_as_floats_and_no_top_as_an_empty_book() -> None:
    top = Top(TokenId("1"), Level(Price(Decimal("0.78")), Shares(Decimal("100"))), None, NOW)

    assert book_view(top, None, NOW) == BookView(Quote(0.78, 0, 100, 0), NOTHING, NOW)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("entry_price", 0.8),
        ("highest_bid", 0.9),
        ("drop", 0.3),
        ("relative_drop", 1 / 3),
        ("minutes_left", 9),
        ("minutes_held", 2.5),
        ("unrealised_per_share", -0.2),
    ],
)
def test_exit_features_of_what_is_held(name: str, value: float) -> None:
    assert exits(Holding(0.8, 0.9, 0.6, NOW - timedelta(seconds=150)))[name] == pytest.approx(value)


def test_minutes_left_are_of_the_slots_own_length() -> None:
    holding = Holding(0.8, 0.8, 0.8, START)

    assert exits(holding, START + timedelta(minutes=1), START + timedelta(minutes=5))["minutes_left"] == 4


def test_a_holding_that_never_had_a_bid_has_no_relative_drop() -> None:
    assert exits(Holding(0.8, 0.0, 0.0, NOW))["relative_drop"] == 0
