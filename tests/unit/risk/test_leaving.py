"""The course of an early exit: close entries, look again, sell confirmed shares, try after try."""

from __future__ import annotations

from dataclasses import replace

import pytest

from services.risk.domain.leaving import (
    AskToClose,
    Ground,
    Leaving,
    Nothing,
    Offer,
    Step,
    entries_closed,
    failed,
    heard,
    is_unheard,
    next_step,
    no_order_book,
    offered,
    sold,
)
from services.risk.domain.stop_loss import AwaitSettlement, ExitDecision, Hold, Reason, Sell, StandDown, Wait
from shared.domain.ids import OrderId
from shared.domain.money import Shares

DUE = Sell(Reason.STOP_LOSS)
OPEN = Ground(is_exited=False, are_entries_closed=False, confirmed=Shares.of(20), sales=0, selling=False)
CLOSED = replace(OPEN, is_exited=True, are_entries_closed=True)
SALE = OrderId("sale")


def step(leaving: Leaving, ground: Ground, seconds: float = 0.0, decision: ExitDecision = DUE) -> Step:
    return next_step(leaving, decision, ground, seconds)[1]


def test_entries_are_closed_first_and_asked_for_again_only_after_a_while() -> None:
    asked, first = next_step(Leaving(), DUE, OPEN, 0.0)
    assert first == AskToClose(Reason.STOP_LOSS)
    waiting = replace(OPEN, is_exited=True)
    assert [step(asked, waiting, seconds) for seconds in (0.5, 4.9)] == [Nothing(), Nothing()]
    assert step(asked, waiting, 5.0) == AskToClose(Reason.STOP_LOSS)


def test_once_they_are_closed_all_confirmed_shares_are_offered_at_once() -> None:
    asked, _ = next_step(Leaving(), DUE, OPEN, 0.0)
    assert step(entries_closed(asked), CLOSED, 0.1) == Offer(0, Shares.of(20), Reason.STOP_LOSS)


@pytest.mark.parametrize(
    "decision",
    [
        Hold(Reason.UNKNOWN_BOOK), Wait(Reason.FAIR_VALUE), StandDown(Reason.RECOVERED),
        AwaitSettlement(Reason.EMPTY_BOOK),
    ],
    ids=["unknown book", "override", "recovered", "empty book"],
)  # fmt: skip
def test_the_book_is_looked_at_again_before_each_sale(decision: ExitDecision) -> None:
    assert step(Leaving(), CLOSED, decision=decision) == Nothing()


@pytest.mark.parametrize(
    ("confirmed", "expected"),
    [("0", Nothing()), ("0.009", Nothing()), ("0.01", Offer(0, Shares.of("0.01"), Reason.STOP_LOSS)),
     ("7.779", Offer(0, Shares.of("7.77"), Reason.STOP_LOSS))],
)  # fmt: skip
def test_shares_are_sold_as_they_confirm_in_whole_steps(confirmed: str, expected: Step) -> None:
    assert step(Leaving(), replace(CLOSED, confirmed=Shares.of(confirmed))) == expected


def test_one_sale_at_a_time() -> None:
    assert step(offered(Leaving(), SALE, 0.0), CLOSED, 1.0) == Nothing()
    assert step(Leaving(), replace(CLOSED, selling=True)) == Nothing()


def test_a_restart_goes_on_after_the_sales_in_the_table() -> None:
    assert step(Leaving(), replace(CLOSED, sales=4)) == Offer(4, Shares.of(20), Reason.STOP_LOSS)


def test_a_refused_attempt_is_not_used_twice() -> None:
    tried, _ = next_step(Leaving(), DUE, CLOSED, 0.0)
    again, _ = failed(offered(tried, SALE, 0.0), 2.0)
    assert step(again, CLOSED, 3.0) == Offer(1, Shares.of(20), Reason.STOP_LOSS)


def test_a_sale_that_nobody_heard_of_has_failed_and_one_that_became_an_order_is_waited_for() -> None:
    trying = offered(Leaving(), SALE, 10.0)
    assert (is_unheard(trying, 11.9), is_unheard(trying, 12.0)) == (False, True)
    assert not is_unheard(heard(trying, SALE), 1000.0)
    assert is_unheard(heard(trying, OrderId("another")), 12.0)


def test_three_tries_with_growing_pauses_then_the_next_tick() -> None:
    leaving, pauses = Leaving(), list[float]()
    for _ in range(4):
        leaving, _ = failed(leaving, 100.0)
        pauses.append(leaving.not_before_seconds - 100.0)
    assert pauses == [0.25, 0.5, 1.0, 0.25]
    assert [step(leaving, CLOSED, seconds) for seconds in (100.24, 100.25)] == [
        Nothing(),
        Offer(0, Shares.of(20), Reason.STOP_LOSS),
    ]


def alerts_of(leaving: Leaving, tries: int) -> tuple[Leaving, list[int]]:
    """The failures after which the operator was told."""
    told: list[int] = []
    for count in range(1, tries + 1):
        leaving, alerts = failed(leaving, 0.0)
        if alerts:
            told.append(count)
    return leaving, told


def test_one_alert_after_three_failed_ticks_in_a_row_and_again_after_a_success() -> None:
    leaving, told = alerts_of(Leaving(), 30)
    assert told == [9]
    assert alerts_of(sold(leaving, 0.0), 30)[1] == [9]


def test_a_success_in_between_begins_the_count_anew() -> None:
    leaving, _ = alerts_of(Leaving(), 8)
    assert alerts_of(sold(leaving, 0.0), 8)[1] == []


def test_a_market_without_an_order_book_is_not_sold_into_again() -> None:
    over = no_order_book(offered(Leaving(), SALE, 0.0))
    assert step(over, CLOSED, 1000.0) == Nothing()
