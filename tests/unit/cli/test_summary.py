from datetime import UTC, datetime, timedelta
from decimal import Decimal

from cli.readings import Progress
from cli.supervisor.summary import Summary

START = datetime(2026, 11, 1, tzinfo=UTC)
TRADED = Progress(
    markets=3,
    orders=2,
    open_orders=1,
    fills=1,
    first_fill_at=START + timedelta(seconds=20),
    settled=1,
    profit=Decimal("8.3325"),
    exposure=Decimal("24.9975"),
    exposure_peak=Decimal("24.9975"),
    trading_state="active",
)


def summary(progress: Progress = TRADED, differences: tuple[str, ...] = (), errors: int = 0) -> Summary:
    return Summary("paper", "sim", progress, differences, errors, (), 0, 4.2, START)


def test_a_run_has_traded_when_there_was_an_order_and_a_fill() -> None:
    assert summary().traded
    assert not summary(Progress(markets=3, orders=2)).traded


def test_a_run_is_sound_when_nothing_differed_and_nothing_failed() -> None:
    assert summary().sound
    assert not summary(differences=("order 0x1",)).sound
    assert not summary(errors=1).sound


def test_the_first_fill_is_counted_from_the_start() -> None:
    assert summary().first_fill_s == 20
    assert summary(Progress()).first_fill_s is None
