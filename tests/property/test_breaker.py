"""The breaker's rule and its SQL say the same of any sequence of results."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from services.risk.domain.breaker import Breaker, BreakerLimits, NeedsForce, check, correct, hear, reset
from shared.domain.money import Cash
from tests.integration.db.desk import ACCOUNT, Desk

pytestmark = pytest.mark.servers
EVENING = datetime(2026, 4, 1, 22, 0, tzinfo=UTC)
profits = st.integers(-6000, 3000).map(lambda cents: Decimal(cents) / 100) | st.just(Decimal(0))
steps = st.lists(st.tuples(st.sampled_from(("hear", "hear", "hear", "correct", "reset", "force", "look")), profits,
                           st.sampled_from((0, 5, 60, 400, -90))), max_size=25)  # fmt: skip
limits = st.builds(
    BreakerLimits,
    st.integers(1, 6),
    st.integers(-150, -1).map(Cash.of),
    st.integers(-200, -1).map(Cash.of),
)


class _Tables:
    def __init__(self, desk: Desk, given_limits: BreakerLimits) -> None:
        self.desk = desk
        desk.connection.execute("truncate breaker, trading_cause, clock_origin, operator_action, outbox")
        self.limits = given_limits
        self.look(EVENING)

    def look(self, now: datetime) -> None:
        limit = self.limits
        self.desk.one(
            "select set_breaker_limits(%s, %s, %s, %s, %s, 'test')",
            ACCOUNT, limit.max_losses, limit.max_drawdown.value, limit.daily_limit.value, now,
        )  # fmt: skip

    def reset(self, now: datetime, *, force: bool) -> bool:
        """Whether it was taken. Time stands still: the domain clock is set for each act."""
        self.desk.connection.execute("truncate clock_origin")
        self.desk.one("insert into clock_origin values ('run', clock_timestamp(), %s, 0.000001) returning 1", now)
        return self.desk.one("select breaker_reset(%s, 'test', %s)", ACCOUNT, force) != "needs_force"

    def figures(self) -> tuple[object, ...]:
        (row,) = self.desk.rows(
            "select session_profit, losses_in_a_row, day, day_profit, day_forgiven, tripped_at is not null from breaker"
        )
        assert row[-1] == ("breaker" in self.desk.causes())
        return row


def _figures(breaker: Breaker) -> tuple[object, ...]:
    return (
        breaker.session_profit.value, breaker.losses_in_a_row, breaker.day, breaker.day_profit.value,
        breaker.day_forgiven.value, breaker.tripped is not None,
    )  # fmt: skip


def _both(tables: _Tables, breaker: Breaker, act: str, profit: Decimal, now: datetime) -> Breaker:
    match act:
        case "hear":
            tables.desk.one("select breaker_hear(%s, 'm1', %s, %s, 'test')", ACCOUNT, profit, now)
            return hear(breaker, Cash(profit), now, tables.limits)
        case "correct":
            tables.desk.one("select breaker_correct(%s, 'm1', %s, %s, 'test')", ACCOUNT, profit, now)
            return correct(breaker, Cash(profit), now, tables.limits)
        case "look":
            tables.look(now)
            return check(breaker, now, tables.limits)
        case _:
            after = reset(breaker, now, tables.limits, force=act == "force")
            assert tables.reset(now, force=act == "force") == (not isinstance(after, NeedsForce))
            return breaker if isinstance(after, NeedsForce) else after


def test_python_and_sql_agree_on_any_sequence_of_results(postgres_database: str) -> None:
    desk = Desk.opened(postgres_database)

    @given(limits, steps)
    @settings(max_examples=150, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow])
    def agree(given_limits: BreakerLimits, acts: list[tuple[str, Decimal, int]]) -> None:
        tables, now = _Tables(desk, given_limits), EVENING
        breaker = check(Breaker(day=EVENING.date()), now, given_limits)
        for act, profit, minutes in acts:
            now += timedelta(minutes=minutes)
            breaker = _both(tables, breaker, act, profit, now)
            assert tables.figures() == _figures(breaker)

    agree()
    desk.close()
