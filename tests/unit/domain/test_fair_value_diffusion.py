"""Fair value by diffusion: 60 s averages at both ends, ties paying Up, the coin's pace, the time left."""

from __future__ import annotations

from decimal import Decimal

import pytest

from shared.domain.fair_value import ImpossiblePriceError, PriceView, p_win
from shared.domain.fair_value_diffusion import DiffusionFairValue
from tests.unit.domain.fair_value_views import view

HEARD_ONLY = DiffusionFairValue(trust=1.0)
LAST_PRICE = DiffusionFairValue(averaging_seconds=0.0, trust=1.0)


def up(seen: PriceView, model: DiffusionFairValue = HEARD_ONLY) -> Decimal:
    return model.p_up(seen)


def test_before_the_last_minute_the_average_walks_forty_seconds_less() -> None:
    """One standard deviation of lead: 5e-5 x sqrt(440 - 40) = 0.001."""
    assert up(view("100.1", 440)) == Decimal("0.841345")


def test_when_the_last_price_decides_it_walks_to_the_end() -> None:
    assert up(view("100.1", 400), LAST_PRICE) == Decimal("0.841345")


def test_at_the_last_minutes_start_both_formulas_agree() -> None:
    just_before, just_after = view("100.02", 60.000001), view("100.02", 59.999999, mean="100.02")

    assert abs(up(just_before) - up(just_after)) <= Decimal("0.000002")


def test_in_the_last_minute_what_has_passed_is_locked_in() -> None:
    """Thirty seconds at 100.06 stand for half of the result: the rest would have to average under 99.94."""
    assert up(view("99.99", 30, mean="100.06")) > Decimal("0.99")
    assert up(view("99.99", 30, mean="99.99")) < Decimal("0.15")


def test_in_the_last_minute_the_rest_walks_for_its_share_alone() -> None:
    """Deviation 5e-5 x sqrt(30 / 3) / 2 = 7.906e-5 of a lead of half of 0.01581 dollars."""
    assert up(view("100.01581", 30, mean="100")) == pytest.approx(Decimal("0.841"), abs=Decimal("0.001"))


def test_an_unknown_part_of_the_last_minute_makes_less_certain() -> None:
    assert Decimal("0.5") < up(view("100.01", 10)) < up(view("100.01", 10, mean="100.01"))


@pytest.mark.parametrize(
    ("spot", "mean", "probability"),
    [
        ("100.01", "99.99", 0),
        ("99.99", "100.01", 1),
        ("99.99", "100", 1),
        ("100", None, 1),
        ("99.999999", None, 0),
    ],
)
def test_at_the_end_the_average_decides_and_a_tie_pays_up(spot: str, mean: str | None, probability: int) -> None:
    assert up(view(spot, 0, mean=mean)) == probability
    assert up(view(spot, -5, mean=mean)) == probability


def test_when_the_last_price_decides_the_average_is_not_asked() -> None:
    assert up(view("99.99", 0, mean="100.01"), LAST_PRICE) == 0


def test_it_grows_certain_towards_the_end() -> None:
    winning = [up(view("100.05", left, mean="100.05" if left < 60 else None)) for left in (600, 300, 60, 10, 1, 0.001)]

    assert winning == sorted(winning)
    assert winning[-1] == 1
    assert up(view("99.95", 0.001, mean="99.95")) == 0


def test_a_calm_coin_is_more_certain_than_a_wild_one() -> None:
    assert up(view("100.1", volatility=4e-5)) > up(view("100.1", volatility=8e-5)) > Decimal("0.5")


def test_an_unknown_pace_is_the_priors_and_a_heard_one_is_drawn_towards_it() -> None:
    model = DiffusionFairValue(trust=0.5, prior={view("100").coin: 4e-5})

    assert up(view("100.1", volatility=None), model) == up(view("100.1", volatility=4e-5))
    assert up(view("100.1", volatility=1.6e-4), model) == up(view("100.1", volatility=8e-5))


def test_a_feed_that_repeats_itself_is_not_a_coin_that_stands_still() -> None:
    assert Decimal("0.5") < up(view("100.005", volatility=0.0)) < 1


def test_a_coin_without_a_prior_of_its_own_counts_as_wild() -> None:
    assert up(view("100.1", volatility=None, coin="doge")) < up(view("100.1", volatility=None, coin="btc"))


def test_up_and_down_share_one_dollar() -> None:
    seen = view("100.0371", 123.456)

    assert p_win(HEARD_ONLY, seen, "Up") + p_win(HEARD_ONLY, seen, "Down") == 1


@pytest.mark.parametrize(("strike", "spot"), [("0", "100"), ("100", "0"), ("100", "-1")])
def test_a_price_that_cannot_be_one_has_no_fair_value(strike: str, spot: str) -> None:
    with pytest.raises(ImpossiblePriceError):
        up(view(spot, strike=strike))
