"""The circuit breaker in the tables: heard and tripped in the commit of the result."""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal

import pytest

from tests.integration.db.desk import ACCOUNT, DURING, END, Desk, order_name

pytestmark = pytest.mark.servers
OTHER = "sim:paper:other"


def limited(desk: Desk, losses: int = 5, drawdown: str = "-50", day: str = "-200", now: datetime = DURING) -> None:
    desk.one(
        "select set_breaker_limits(%s, %s, %s, %s, %s, 'risk')", ACCOUNT, losses, Decimal(drawdown), Decimal(day), now
    )


def held(desk: Desk, market: str = "m1", shares: str = "20") -> None:
    order = desk.placed(market=market, shares=shares)
    assert desk.fill(order, f"buy {market}", shares, status="confirmed") == "booked"


def settled(desk: Desk, winner: str, market: str = "m1", kind: str = "venue") -> None:
    desk.swept_past_the_end()
    assert desk.settle(winner, market=market, kind=kind) == "settled"


def hear(desk: Desk, profit: str, at: datetime = DURING, account: str = ACCOUNT) -> None:
    desk.one("select breaker_hear(%s, 'm1', %s, %s, 'test')", account, Decimal(profit), at)


def figures(desk: Desk) -> tuple[Decimal, int, Decimal]:
    """Session's profit, losses in a row, the day's profit."""
    (row,) = desk.rows("select session_profit, losses_in_a_row, day_profit from breaker where account_id = %s", ACCOUNT)
    return row[0], row[1], row[2]


def reset(desk: Desk, *, force: bool = False) -> str:
    return desk.one("select breaker_reset(%s, 'operator', %s)", ACCOUNT, force)


def domain_time_is(desk: Desk, now: datetime) -> None:
    desk.one("insert into clock_origin values (%s, clock_timestamp(), %s, 1) returning 1", str(now), now)


def test_a_settled_loss_that_reaches_the_limit_closes_entries_in_its_own_commit(desk: Desk) -> None:
    limited(desk, drawdown="-16")
    held(desk)
    settled(desk, "Down")

    assert desk.causes() == {"breaker"}
    assert desk.state() == "reducing"
    desk.add_market("m2")
    assert desk.reserve(market="m2") == "HALTED"
    assert desk.facts("risk.trading_state_changed.v1")[-1]["cancels"]


def test_one_cent_short_of_the_limit_it_does_not_trip(desk: Desk) -> None:
    limited(desk, drawdown="-16.01")
    held(desk)
    settled(desk, "Down")
    assert desk.causes() == set()
    assert figures(desk) == (Decimal(-16), 1, Decimal(-16))


def test_a_stop_loss_counts_as_any_result(desk: Desk) -> None:
    limited(desk, losses=1)
    held(desk)
    assert desk.sell("20") is None
    desk.fill(order_name("m1", "Up", 0, 0) + "/exit", "s1", "20", "0.40")
    assert desk.causes() == {"breaker"}
    settled(desk, "Down")
    assert figures(desk) == (Decimal(-8), 1, Decimal(-8))


def test_a_position_sold_in_part_and_settled_is_one_result(desk: Desk) -> None:
    held(desk)
    assert desk.sell("10") is None
    desk.fill(order_name("m1", "Up", 0, 0) + "/exit", "s1", "10", "0.40")
    settled(desk, "Up")
    assert figures(desk) == (Decimal(-2), 1, Decimal(-2))


def test_a_forced_loss_counts_once_and_the_venues_later_word_corrects_the_profit_alone(desk: Desk) -> None:
    held(desk)
    settled(desk, "Down", kind="forced")
    settled(desk, "Down", kind="forced")
    assert figures(desk) == (Decimal(-16), 1, Decimal(-16))
    settled(desk, "Up")
    assert figures(desk) == (Decimal(4), 1, Decimal(4))


def test_session_run_and_trip_survive_midnight_and_the_day_does_not(desk: Desk) -> None:
    limited(desk, drawdown="-3")
    hear(desk, "-3")
    hear(desk, "-1", END + timedelta(days=1))
    assert figures(desk) == (Decimal(-4), 2, Decimal(-1))
    assert desk.causes() == {"breaker"}


def test_a_reset_begins_a_new_session_and_is_recorded(desk: Desk) -> None:
    domain_time_is(desk, DURING)
    limited(desk, losses=1)
    hear(desk, "-3")
    assert reset(desk) == "active"
    assert figures(desk) == (Decimal(0), 0, Decimal(-3))
    assert desk.rows("select actor, act from operator_action") == [("operator", "breaker_reset")]


def test_a_day_at_its_limit_needs_force_and_counts_from_there(desk: Desk) -> None:
    domain_time_is(desk, DURING)
    limited(desk, drawdown="-1000")
    hear(desk, "-200")
    assert reset(desk) == "needs_force"
    assert desk.causes() == {"breaker"}
    assert reset(desk, force=True) == "active"
    hear(desk, "-199.99")
    assert desk.causes() == set()
    hear(desk, "-0.01")
    assert desk.causes() == {"breaker"}


def test_the_next_day_needs_no_force(desk: Desk) -> None:
    limited(desk)
    hear(desk, "-200")
    domain_time_is(desk, DURING + timedelta(days=1))
    assert reset(desk) == "active"


def test_the_day_is_counted_over_all_accounts_of_the_mode(desk: Desk) -> None:
    desk.one("select account_id from open_account(%s, 'sim', 'paper', 'other', 100)", OTHER)
    desk.one("select account_id from open_account('sim:live:other', 'sim', 'live', 'other', 100)")
    limited(desk, drawdown="-1000")
    hear(desk, "-150", account=OTHER)
    hear(desk, "-500", account="sim:live:other")
    hear(desk, "-49")
    assert desk.causes() == set()
    hear(desk, "-1")
    assert desk.causes() == {"breaker"}


def test_a_tightened_limit_and_what_other_accounts_lost_trip_when_risk_looks_again(desk: Desk) -> None:
    hear(desk, "-10")
    limited(desk)
    assert desk.causes() == set()
    limited(desk, drawdown="-10")
    assert desk.causes() == {"breaker"}


def test_resume_takes_no_breaker_back(desk: Desk) -> None:
    limited(desk, losses=1)
    hear(desk, "-1")
    assert desk.one("select resume(%s, 'operator', '')::text", ACCOUNT) == "reducing"
