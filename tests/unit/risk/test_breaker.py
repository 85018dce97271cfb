"""What trips the circuit breaker, and what takes it back (strategy section 10)."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from services.risk.domain.breaker import Breaker, BreakerLimits, NeedsForce, correct, hear, reset
from shared.domain.money import Cash

LIMITS = BreakerLimits(3, Cash.of(-50), Cash.of(-200))
NOON = datetime(2026, 4, 1, 12, 0, tzinfo=UTC)
TOMORROW = NOON + timedelta(days=1)


def after(*profits: str, at: datetime = NOON, begin: Breaker | None = None) -> Breaker:
    breaker = begin or Breaker()
    for profit in profits:
        breaker = hear(breaker, Cash.of(profit), at, LIMITS)
    return breaker


@pytest.mark.parametrize(
    ("profits", "reason"),
    [
        (("-1", "-1"), None),
        (("-1", "-1", "-1"), "3 losses in a row"),
        (("-1", "-1", "1", "-1"), None),
        (("-1", "-1", "0", "-1"), "3 losses in a row"),
        (("-49.99",), None),
        (("-50",), "session profit -50"),
        (("10", "-60"), "session profit -50"),
    ],
)
def test_a_run_of_losses_or_a_drawdown_trips_it(profits: tuple[str, ...], reason: str | None) -> None:
    assert after(*profits).tripped == reason


@pytest.mark.parametrize(("last", "is_tripped"), [("-39.99", False), ("-40", True)])
def test_the_day_trips_over_all_its_sessions(last: str, is_tripped: bool) -> None:
    breaker = Breaker()
    for _ in range(4):
        lost = after("-40", begin=breaker)
        again = reset(lost, NOON, LIMITS)
        assert isinstance(again, Breaker)
        breaker = again
    assert (after(last, begin=breaker).tripped is not None) == is_tripped


def test_midnight_takes_back_the_days_figures_alone() -> None:
    tripped = after("-60")
    next_day = after("5", at=TOMORROW, begin=tripped)
    assert (next_day.tripped, next_day.session_profit) == ("session profit -60", Cash.of(-55))
    assert next_day.day_profit == Cash.of(5)


def test_the_run_of_losses_goes_on_over_midnight() -> None:
    assert after("-1", at=TOMORROW, begin=after("-1", "-1")).tripped == "3 losses in a row"


def test_a_correction_moves_profit_on_its_own_day_and_no_run() -> None:
    corrected = correct(after("-1", "-1"), Cash.of(5), TOMORROW, LIMITS)
    assert (corrected.losses_in_a_row, corrected.session_profit, corrected.day_profit) == (2, Cash.of(3), Cash.of(5))
    assert correct(after("-1"), Cash.of(-49), NOON, LIMITS).tripped == "session profit -50"


def test_a_reset_begins_a_new_session() -> None:
    begun = reset(after("-1", "-1", "-1"), NOON, LIMITS)
    assert begun == Breaker(day=NOON.date(), day_profit=Cash.of(-3))


def test_a_day_at_its_limit_is_reset_by_force_alone_and_then_counts_from_there() -> None:
    lost = after("-200")
    assert reset(lost, NOON, LIMITS) == NeedsForce()
    forced = reset(lost, NOON, LIMITS, force=True)
    assert isinstance(forced, Breaker)
    assert after("1", begin=forced).tripped is None
    assert isinstance(reset(lost, TOMORROW, LIMITS), Breaker)


def test_a_late_result_of_yesterday_is_none_of_today() -> None:
    breaker = after("-30", at=NOON, begin=after("-1", at=TOMORROW))
    assert (breaker.day_profit, breaker.session_profit) == (Cash.of(-1), Cash.of(-31))
