"""The price to beat, from the prices of a recording."""

from decimal import Decimal

import pytest

from lab.replay.prices import CoinPrices
from shared.domain.reference import Strike

START = 1_775_029_500


def heard(first: int, last: int, missing: frozenset[int] = frozenset()) -> CoinPrices:
    """A spot a second, as high as its second."""
    prices = CoinPrices()
    for second in range(first, last + 1):
        if second not in missing:
            prices.spot(second, Decimal(second))
    return prices


def test_the_strike_is_the_mean_of_the_sixty_spots_up_to_the_start() -> None:
    mean = Decimal(sum(range(START - 59, START + 1))) / 60
    assert heard(START - 100, START).strike(START, START, "twap60") == Strike(mean, "exact")


def test_the_venues_own_average_comes_first() -> None:
    prices = heard(START - 100, START)
    prices.average(START, Decimal(7))
    assert prices.strike(START, START, "twap60") == Strike(Decimal(7), "exact")


def test_before_the_start_nothing_is_known() -> None:
    assert heard(START - 100, START - 1).strike(START, START - 1, "twap60") is None


def test_a_missing_second_is_waited_for_and_then_done_without() -> None:
    prices = heard(START - 100, START, frozenset({START - 10}))
    assert prices.strike(START, START + 2, "twap60") is None
    strike = prices.strike(START, START + 3, "twap60")
    assert strike is not None
    assert strike.provenance == "prior"


@pytest.mark.parametrize(("spots", "is_known"), [(44, False), (45, True)])
def test_with_too_few_spots_there_is_no_average(spots: int, is_known: bool) -> None:
    prices = heard(START - spots + 1, START)
    assert (prices.strike(START, START + 3, "twap60") is not None) == is_known


def test_under_the_old_rule_the_strike_is_the_price_in_force_at_the_start() -> None:
    assert heard(START - 5, START).strike(START, START, "last_price") == Strike(Decimal(START), "exact")


@pytest.mark.parametrize(("age", "is_known"), [(10, True), (11, False)])
def test_a_price_in_force_for_too_long_is_none(age: int, is_known: bool) -> None:
    prices = heard(START - age, START - age)
    assert prices.strike(START, START + 2, "last_price") is None
    assert (prices.strike(START, START + 3, "last_price") is not None) == is_known
