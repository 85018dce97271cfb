"""What was heard of a coin's price: its pace, and its mean since an instant."""

from __future__ import annotations

import math
from datetime import timedelta
from decimal import Decimal

import pytest

from shared.domain.ids import Coin
from shared.domain.price_history import TICKS_KEPT, PriceHistory, view_of
from tests.unit.domain.fair_value_views import END, START

BTC = Coin("btc")


def at(second: float) -> timedelta:
    return timedelta(seconds=second)


def heard(*prices: tuple[float, str]) -> PriceHistory:
    history = PriceHistory()
    for second, price in prices:
        history.hear(BTC, Decimal(price), START + at(second))
    return history


def zigzag(step_seconds: float, until: float, first: float = 0) -> PriceHistory:
    """Each step is 0.0316 %: 1e-4 a square root second at steps of 10 s."""
    high = f"{100 * math.exp(1e-4 * math.sqrt(10)):.12f}"
    count = int((until - first) / step_seconds) + 1
    return heard(*((first + n * step_seconds, ("100", high)[n % 2]) for n in range(count)))


def test_the_pace_is_the_deviation_of_the_log_return_over_one_second() -> None:
    assert zigzag(10, 600).volatility(BTC, START + at(600)) == pytest.approx(1e-4)


def test_the_pace_is_unknown_under_five_minutes() -> None:
    assert zigzag(10, 299).volatility(BTC, START + at(299)) is None
    assert zigzag(10, 300).volatility(BTC, START + at(300)) is not None
    assert PriceHistory().volatility(BTC, START) is None


def test_the_pace_is_each_coins_own() -> None:
    assert zigzag(10, 600).volatility(Coin("eth"), START + at(600)) is None


def test_a_repeated_price_between_two_steps_changes_nothing() -> None:
    high = f"{100 * math.exp(1e-4 * math.sqrt(10)):.12f}"
    repeated = heard(*((n, ("100", high)[n // 10 % 2]) for n in range(601)))

    assert repeated.volatility(BTC, START + at(600)) == pytest.approx(1e-4)


def test_a_silence_counts_for_its_length_and_a_long_one_not_at_all() -> None:
    history = zigzag(10, 600)
    history.hear(BTC, Decimal(200), START + at(661))

    assert history.volatility(BTC, START + at(661)) == pytest.approx(1e-4)


def test_a_step_over_a_gap_of_a_minute_is_spread_over_it() -> None:
    high = Decimal(str(100 * math.exp(1e-4 * math.sqrt(60))))
    history = zigzag(10, 600)
    history.hear(BTC, high, START + at(660))

    assert history.volatility(BTC, START + at(660)) == pytest.approx(1e-4)


def test_the_pace_forgets_after_an_hour() -> None:
    history = zigzag(10, 600)

    assert history.volatility(BTC, START + at(3700)) is not None
    assert history.volatility(BTC, START + at(4201)) is None


def test_an_earlier_or_impossible_price_is_left_out() -> None:
    history = heard((0, "100"), (10, "0"), (11, "-5"), (20, "102"), (15, "500"))

    assert history.mean_since(BTC, START, START + at(40)) == Decimal(101)


def test_the_mean_weighs_a_price_by_how_long_it_stood() -> None:
    history = heard((0, "100"), (30, "103"), (40, "106"))

    assert history.mean_since(BTC, START + at(10), START + at(50)) == Decimal("102.25")


def test_the_price_before_the_window_stands_at_its_beginning() -> None:
    assert heard((0, "100"), (55, "112")).mean_since(BTC, START + at(50), START + at(60)) == Decimal(106)


def test_the_mean_of_one_price_is_that_price_exactly() -> None:
    price = "63304.200301195071"
    history = heard(*((second, price) for second in range(60)))

    assert history.mean_since(BTC, START, START + at(59.123)) == Decimal(price)


def test_there_is_no_mean_before_the_window_or_of_nothing() -> None:
    history = heard((0, "100"))

    assert history.mean_since(BTC, START + at(10), START + at(10)) is None
    assert history.mean_since(BTC, START + at(10), START + at(9)) is None
    assert PriceHistory().mean_since(BTC, START, START + at(10)) is None


def test_a_mean_of_less_than_half_the_window_is_none() -> None:
    history = heard((30, "100"))

    assert history.mean_since(BTC, START, START + at(59)) is None
    assert history.mean_since(BTC, START, START + at(60)) == Decimal(100)


def test_an_instant_between_ticks_is_answered_from_what_was_known_then() -> None:
    assert heard((0, "100"), (10, "200")).mean_since(BTC, START, START + at(5)) == Decimal(100)


def test_a_fast_feed_does_not_shorten_the_memory() -> None:
    ticks = ((n / 5, "100" if n < 300 else "200") for n in range(5 * TICKS_KEPT))
    history = heard(*ticks)
    now = START + at(TICKS_KEPT - 1)

    assert history.mean_since(BTC, now - at(60), now) == Decimal(200)


def test_a_view_has_the_windows_mean_in_the_last_minute_alone() -> None:
    history = heard(*((second, "100") for second in range(900)), (900, "500"), (910, "500"))

    def mean(second: float) -> Decimal | None:
        seen = view_of(BTC, Decimal(100), Decimal(101), START, END, START + at(second), history)
        assert seen is not None
        return seen.window_mean

    assert mean(840) is None
    assert mean(850) == Decimal(100)
    assert mean(910) == Decimal(100)


def test_a_view_carries_what_it_was_given_and_the_pace() -> None:
    seen = view_of(BTC, Decimal(100), Decimal(101), START, END, START + at(600), zigzag(10, 600))

    assert seen is not None
    assert (seen.strike, seen.spot, seen.start, seen.end) == (Decimal(100), Decimal(101), START, END)
    assert seen.volatility == pytest.approx(1e-4)
    assert seen.seconds_left == 300


@pytest.mark.parametrize(("strike", "spot"), [("0", "1"), ("1", "0"), ("-1", "1"), ("1", "-1")])
def test_there_is_no_view_of_a_price_that_cannot_be_one(strike: str, spot: str) -> None:
    assert view_of(BTC, Decimal(strike), Decimal(spot), START, END, START, PriceHistory()) is None
