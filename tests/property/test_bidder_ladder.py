"""What holds of every ladder."""

from __future__ import annotations

import itertools
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from services.bidder.domain.ladder import next_rung, rung_prices
from shared.domain.money import Price, Shares
from shared.domain.order import FINAL, Order, OrderStatus
from tests.unit.bidder.cases import order

TICKS = st.sampled_from([Decimal("0.01"), Decimal("0.001")])
CENTS = st.integers(1, 99)
MINIMUM = Shares.of(5)


@given(st.tuples(CENTS, CENTS).map(sorted), st.integers(2, 25), TICKS)
def test_rungs_ascend_from_end_to_end_on_the_tick(cents: list[int], rungs: int, tick: Decimal) -> None:
    lowest, highest = (Price.of(Decimal(each) / 100) for each in cents)
    prices = rung_prices(lowest, highest, rungs, tick)
    assert prices[0] == lowest
    assert prices[-1] == highest
    assert len(prices) <= rungs
    assert all(price.is_on(tick) for price in prices)
    assert all(first < second for first, second in itertools.pairwise(prices))


@given(st.tuples(CENTS, CENTS).map(sorted), st.integers(2, 25), TICKS)
def test_rungs_are_evenly_spaced_to_half_a_tick(cents: list[int], rungs: int, tick: Decimal) -> None:
    lowest, highest = (Price.of(Decimal(each) / 100) for each in cents)
    width = (highest.value - lowest.value) / (rungs - 1)
    exact = [lowest.value + width * index for index in range(rungs)]
    for price in rung_prices(lowest, highest, rungs, tick):
        assert min(abs(price.value - each) for each in exact) <= tick / 2 + Decimal("1e-20")


@st.composite
def histories(draw: st.DrawFn) -> list[Order]:
    """Any past of a ladder: attempts of rungs in any status, filled in any part."""
    orders: list[Order] = []
    for rung in range(4):
        for attempt in range(draw(st.integers(0, 3))):
            filled = draw(st.integers(0, 10))
            status = draw(st.sampled_from(sorted(OrderStatus)))
            orders.append(order(rung=rung, attempt=attempt, filled=str(filled), status=status))
    return orders


@given(histories(), st.integers(1, 4))
def test_the_next_rung_is_the_lowest_that_is_not_filled(orders: list[Order], rungs: int) -> None:
    found = next_rung(orders, rungs, MINIMUM)
    lower = range(rungs if found is None else found.index)
    assert all(any(each.filled for each in orders if each.rung == index) for index in lower)
    assert found is None or found.attempt == sum(each.rung == found.index for each in orders)


@given(histories(), st.integers(1, 4))
def test_a_rung_never_asks_for_more_than_it_lacks_nor_for_less_than_the_venue_takes(
    orders: list[Order], rungs: int
) -> None:
    found = next_rung(orders, rungs, MINIMUM)
    unfilled = None if found is None else found.unfilled()
    if found is not None and unfilled is not None:
        assert MINIMUM <= unfilled <= Shares.of(10).less(found.filled)


@given(histories())
def test_a_filled_rung_is_never_next_again(orders: list[Order]) -> None:
    full = [each for each in orders if each.filled >= each.shares and each.status in FINAL]
    found = next_rung(orders, 4, MINIMUM)
    assert found is None or found.index not in {each.rung for each in full}
