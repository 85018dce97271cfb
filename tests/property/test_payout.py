"""A profit split over its legs is the profit, to the cent, whatever the legs."""

from __future__ import annotations

from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from services.settlement.domain.payout import Leg, LegProfit, split_profit
from shared.domain.ids import OrderId
from shared.domain.money import CENT, NO_CASH, Cash

PROFITS = st.decimals(min_value=-10_000, max_value=10_000, places=6).map(Cash.of)
COSTS = st.lists(st.decimals(min_value=0, max_value=5_000, places=4).map(Cash.of), min_size=1, max_size=25)


def legs_of(costs: list[Cash]) -> list[Leg]:
    return [Leg(OrderId(f"leg {number}"), cost) for number, cost in enumerate(costs)]


@given(PROFITS, COSTS)
def test_the_parts_sum_to_the_profits_cents(profit: Cash, costs: list[Cash]) -> None:
    parts = split_profit(profit, legs_of(costs))
    assert sum((part.profit for part in parts), NO_CASH) == profit.to_cents()
    assert all(part.profit.value % CENT == 0 for part in parts)


@given(PROFITS, COSTS)
def test_no_leg_is_further_from_its_share_than_the_cents_that_rounding_left_over(
    profit: Cash, costs: list[Cash]
) -> None:
    total = sum(cost.value for cost in costs)
    for leg, part in zip(legs_of(costs), split_profit(profit, legs_of(costs)), strict=True):
        share = profit.value * leg.cost.value / total if total else Decimal(0)
        if total:
            assert abs(part.profit.value - share) <= CENT * (len(costs) + 1)


def test_the_largest_leg_takes_the_odd_cent() -> None:
    legs = legs_of([Cash.of("1"), Cash.of("1.01"), Cash.of("1")])
    assert [part.profit for part in split_profit(Cash.of("1.00"), legs)] == [
        Cash.of("0.33"),
        Cash.of("0.34"),
        Cash.of("0.33"),
    ]


def test_a_loss_is_split_like_a_profit() -> None:
    legs = legs_of([Cash.of("4"), Cash.of("8.5")])
    assert split_profit(Cash.of("-12.5"), legs) == [
        LegProfit(OrderId("leg 0"), Cash.of("-4")),
        LegProfit(OrderId("leg 1"), Cash.of("-8.5")),
    ]


def test_without_legs_there_is_nothing_to_split() -> None:
    assert split_profit(Cash.of(1), []) == []
