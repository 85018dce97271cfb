"""Whatever the prices and the time: a probability, growing with the move, that leaves the rest to Down."""

from __future__ import annotations

from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from shared.domain.fair_value import PriceView, p_win
from shared.domain.fair_value_diffusion import DiffusionFairValue
from shared.domain.fair_value_table import TableFairValue
from tests.unit.domain.fair_value_views import view

SPOTS = st.decimals(min_value="0.01", max_value=1_000_000, places=2)
NEAR = st.decimals(min_value=99, max_value=101, places=4)
LEFT = st.integers(-10_000, 900_000).map(lambda milliseconds: milliseconds / 1000)
PACES = st.none() | st.floats(0, 0.01)


@given(SPOTS, LEFT, PACES, st.none() | SPOTS)
def test_it_is_a_probability_and_down_is_the_rest(
    spot: Decimal, left: float, pace: float | None, mean: Decimal | None
) -> None:
    seen = view(spot, left, volatility=pace, mean=None if mean is None else str(mean))
    for model in (TableFairValue(), DiffusionFairValue(), DiffusionFairValue(averaging_seconds=0.0)):
        up = model.p_up(seen)
        assert up.is_finite()
        assert 0 <= up <= 1
        assert up + p_win(model, seen, "Down") == 1


@given(NEAR, NEAR, LEFT, PACES, st.none() | NEAR)
def test_a_higher_price_never_makes_up_less_likely(
    one: Decimal, other: Decimal, left: float, pace: float | None, mean: Decimal | None
) -> None:
    def at(spot: Decimal) -> PriceView:
        return view(spot, left, volatility=pace, mean=None if mean is None else str(mean))

    low, high = sorted((one, other))
    assert DiffusionFairValue().p_up(at(low)) <= DiffusionFairValue().p_up(at(high))


@given(NEAR, NEAR, LEFT)
def test_a_higher_average_never_makes_up_less_likely(one: Decimal, other: Decimal, left: float) -> None:
    low, high = sorted((one, other))
    model = DiffusionFairValue()
    assert model.p_up(view("100", left, mean=str(low))) <= model.p_up(view("100", left, mean=str(high)))
