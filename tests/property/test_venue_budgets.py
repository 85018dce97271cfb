"""What our budgets let through the venue lets through, and what is urgent finds its part whatever came before."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from services.executor.domain.budget import (
    CANCELS_A_SECOND,
    CANCELS_AT_ONCE,
    KEPT_FOR_EXITS,
    KEPT_FOR_LEAVING,
    ORDERS_A_SECOND,
    ORDERS_AT_ONCE,
    Budget,
)
from venue_sim.limits import Bucket

STEPS = st.lists(st.tuples(st.integers(0, 1500), st.integers(1, 200), st.booleans()), max_size=60)
"""Milliseconds passed, how many are wanted, whether they are urgent."""


def test_both_count_as_the_venue_does() -> None:
    orders, cancels = Bucket.full(int(ORDERS_A_SECOND), 0), Bucket.full(int(CANCELS_A_SECOND), 0)
    assert (orders.held, cancels.held) == (ORDERS_AT_ONCE, CANCELS_AT_ONCE)


@settings(max_examples=300, deadline=None, derandomize=True)
@given(steps=STEPS)
def test_no_cancel_that_the_budget_has_is_beyond_the_venues_bucket(steps: list[tuple[int, int, bool]]) -> None:
    budget, bucket, now_ms = Budget.of_cancels(), Bucket.full(int(CANCELS_A_SECOND), 0), 0
    for passed_ms, wanted, is_urgent in steps:
        now_ms += passed_ms
        taken = budget.take_some(wanted, now_ms / 1000, is_urgent=is_urgent)
        bucket.refill(now_ms)
        assert 0 <= taken <= wanted
        assert taken <= bucket.held + 1e-6
        bucket.held -= taken


@settings(max_examples=300, deadline=None, derandomize=True)
@given(steps=STEPS)
def test_whatever_is_repriced_a_kill_finds_its_part(steps: list[tuple[int, int, bool]]) -> None:
    budget, now_ms = Budget.of_cancels(), 0
    for passed_ms, wanted, _ in steps:
        now_ms += passed_ms
        budget.take_some(wanted, now_ms / 1000, is_urgent=False)
    assert budget.take_some(int(KEPT_FOR_LEAVING), now_ms / 1000, is_urgent=True) == KEPT_FOR_LEAVING


@settings(max_examples=300, deadline=None, derandomize=True)
@given(steps=STEPS)
def test_whatever_is_bid_a_sale_finds_its_part(steps: list[tuple[int, int, bool]]) -> None:
    budget, now_ms = Budget.of_orders(), 0
    for passed_ms, wanted, _ in steps:
        now_ms += passed_ms
        budget.take_some(wanted, now_ms / 1000, is_urgent=False)
    assert budget.take_some(int(KEPT_FOR_EXITS), now_ms / 1000, is_urgent=True) == KEPT_FOR_EXITS
