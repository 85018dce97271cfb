"""Never more orders than the venue's bucket lets through, and always some left for exits."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.executor.domain.budget import KEPT_FOR_EXITS, ORDERS_A_SECOND, ORDERS_AT_ONCE, Budget
from tests.unit.executor.fakes import Engine, intent

STEPS = st.lists(st.tuples(st.floats(0, 2), st.sampled_from(("entry", "exit"))), max_size=200)


def burst(budget: Budget, at_seconds: float, *, is_exit: bool) -> int:
    count = 0
    while budget.take(at_seconds, is_urgent=is_exit):
        count += 1
    return count


def test_entries_leave_the_exits_their_part() -> None:
    budget = Budget.of_orders()
    assert burst(budget, 0.0, is_exit=False) == ORDERS_AT_ONCE - KEPT_FOR_EXITS
    assert burst(budget, 0.0, is_exit=True) == KEPT_FOR_EXITS


def test_it_fills_again_with_time_and_never_above_the_burst() -> None:
    budget = Budget.of_orders()
    burst(budget, 0.0, is_exit=True)
    assert burst(budget, 0.5, is_exit=True) == ORDERS_A_SECOND / 2
    assert burst(budget, 1000.0, is_exit=True) == ORDERS_AT_ONCE


def test_bytes_sent_again_count_too() -> None:
    budget = Budget.of_orders()
    for _ in range(int(ORDERS_AT_ONCE) + 5):
        budget.spend(0.0)
    assert not budget.take(0.1, is_urgent=True)
    assert budget.take(0.2, is_urgent=True)


@settings(max_examples=200, deadline=None, derandomize=True)
@given(steps=STEPS)
def test_no_window_holds_more_than_the_venue_lets_through(steps: list[tuple[float, str]]) -> None:
    budget, now_seconds, sent = Budget.of_orders(), 0.0, list[float]()
    for pause_seconds, kind in steps:
        now_seconds += pause_seconds
        if budget.take(now_seconds, is_urgent=kind == "exit"):
            sent.append(now_seconds)
    for first, began in enumerate(sent):
        for last in range(first, len(sent)):
            allowed = ORDERS_AT_ONCE + ORDERS_A_SECOND * (sent[last] - began)
            assert last - first + 1 <= allowed + 1e-6


@pytest.mark.parametrize("more", [0, 1])
async def test_an_intent_beyond_the_budget_is_refused_and_counted(more: int) -> None:
    engine = Engine()
    for _ in range(int(ORDERS_AT_ONCE - KEPT_FOR_EXITS) - 1 + more):
        engine.budget.take(engine.clock.monotonic_seconds(), is_urgent=False)

    await engine.place(intent())

    assert engine.meter.refusals["VENUE_BUDGET"] == more
    assert len(engine.venue.posted) == 1 - more
