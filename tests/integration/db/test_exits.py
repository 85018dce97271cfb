"""Leaving a market early, and entries that take: what the tables promise."""

from __future__ import annotations

from decimal import Decimal

import pytest

from tests.integration.db.desk import ACCOUNT, Desk, order_name

pytestmark = pytest.mark.servers
CLOSED = "executor.entries_closed.v1"
SALE = order_name("m1", "Up", 0, 0) + "/exit"


def bought(desk: Desk, shares: str = "20") -> str:
    order = desk.placed(shares=shares)
    assert desk.fill(order, shares=shares, status="confirmed") == "booked"
    return order


def sold(desk: Desk, shares: str, price: str, *, attempt: int = 0, trade: str = "s1", fee: str = "0") -> str:
    assert desk.sell(shares, attempt=attempt) is None
    return desk.fill(order_name("m1", "Up", 0, attempt) + "/exit", trade, shares, price, fee=fee)


def test_closing_entries_refuses_the_next_one_in_the_same_commit(desk: Desk) -> None:
    desk.close_entries()

    assert desk.reserve() == "EXITED"
    assert [fact["reason"] for fact in desk.facts("risk.close_entries.v1")] == ["STOP_LOSS"]


def test_entries_are_said_to_be_closed_only_when_none_can_be_filled(desk: Desk) -> None:
    order = desk.placed()
    desk.close_entries()
    assert not desk.report_closed()
    desk.event(order, "cancel_requested")
    assert not desk.report_closed()

    desk.event(order, "cancelled")

    assert desk.report_closed()
    assert desk.facts(CLOSED) == [{"account": ACCOUNT, "market": "m1"}]


def test_closed_entries_are_reported_once_a_request(desk: Desk) -> None:
    assert not desk.report_closed()
    desk.close_entries()
    assert [desk.report_closed(), desk.report_closed()] == [True, False]

    desk.close_entries()

    assert [desk.report_closed(), desk.report_closed()] == [True, False]
    assert len(desk.facts(CLOSED)) == 2


def test_a_sale_being_made_does_not_keep_entries_open(desk: Desk) -> None:
    bought(desk)
    desk.close_entries()
    assert desk.sell("20") is None

    assert desk.report_closed()


def test_the_same_sale_twice_is_one_order(desk: Desk) -> None:
    bought(desk)

    assert [desk.sell("10"), desk.sell("10")] == [None, "ALREADY_RESERVED"]


def test_a_position_sold_in_parts_keeps_its_sums(desk: Desk) -> None:
    bought(desk, "10")
    second = desk.placed(rung=1, price="0.85", shares="7.77")
    desk.fill(second, "t2", "7.77", "0.85", status="confirmed")
    for attempt, shares in enumerate(("3.33", "5.01", "9.43")):
        sold(desk, shares, "0.41", attempt=attempt, trade=f"s{attempt}", fee="0.05")

    assert desk.position() == (Decimal(0), Decimal(0))
    assert desk.differences() == []
    cost = Decimal("0.80") * 10 + Decimal("0.85") * Decimal("7.77")
    assert desk.profit() == Decimal("0.41") * Decimal("17.77") - cost - Decimal("0.15")


def test_the_breaker_hears_of_a_position_once_it_is_sold_out(desk: Desk) -> None:
    """Its profit in all, the purchase's fee included."""
    desk.connection.execute("create temporary table heard (profit numeric)")
    desk.connection.execute(
        "create or replace function breaker_hear(p_account text, p_market text, p_profit numeric,"
        " p_occurred_at timestamptz, p_by text) returns void language plpgsql as"
        " 'begin insert into pg_temp.heard values (p_profit); end'"
    )
    order = desk.placed()
    desk.fill(order, status="confirmed", fee="0.20")
    sold(desk, "15", "0.40", fee="0.10")
    assert desk.rows("select profit from heard") == []

    sold(desk, "5", "0.30", attempt=1, trade="s2", fee="0.05")

    assert desk.rows("select profit from heard") == [(Decimal("-8.85"),)]


def test_a_sale_that_failed_on_chain_can_be_made_again(desk: Desk) -> None:
    bought(desk)
    sold(desk, "20", "0.40")
    assert desk.fill(SALE, "s1", "20", "0.40", status="failed") == "reversed"

    assert desk.position() == (Decimal(20), Decimal(16))
    assert desk.sell("20", attempt=1) is None
    assert desk.differences() == []


def test_a_taker_reserves_its_fee_and_gives_back_what_it_did_not_pay(desk: Desk) -> None:
    order = desk.placed(time_in_force="FOK", shares="10")
    assert desk.reserved() == Decimal("8.112")

    desk.fill(order, shares="10", fee="0.112", status="confirmed")

    assert desk.status(order) == "filled"
    assert desk.exposure() == Decimal("8.00")
    assert desk.differences() == []


@pytest.mark.parametrize(("limit", "expected"), [("8.112", None), ("8.111", "NO_HEADROOM")])
def test_a_takers_fee_counts_against_the_limit(desk: Desk, limit: str, expected: str | None) -> None:
    desk.one("update account set max_exposure = %s returning 1", Decimal(limit))

    assert desk.reserve(time_in_force="FOK", shares="10") == expected


def test_a_taker_gets_more_shares_for_its_dollars_at_a_better_price(desk: Desk) -> None:
    """The venue bounds a market buy by cash, so several trades may bring more shares than were asked for."""
    order = desk.placed(time_in_force="FOK", shares="10")

    assert desk.fill(order, "t1", "10.1", "0.70", bucket="0") == "booked"
    assert desk.status(order) == "partly_filled"
    assert desk.fill(order, "t2", "1.16", "0.80", bucket="1") == "booked"

    assert desk.status(order) == "filled"
    assert desk.reserved() == 0
    assert desk.state() == "active"


def test_a_taker_cannot_be_booked_more_than_its_dollars(desk: Desk) -> None:
    order = desk.placed(time_in_force="FOK", shares="10")

    assert desk.fill(order, shares="10.02") == "oversize"


def test_a_killed_taker_gives_everything_back(desk: Desk) -> None:
    order = desk.placed(time_in_force="FOK", shares="10")

    assert desk.event(order, "cancelled", reason="UNFILLED") == "cancelled"

    assert desk.exposure() == 0
    assert desk.reserve(attempt=1, time_in_force="FOK") is None


def test_the_venues_later_word_counts_for_shares_that_were_all_sold_too(desk: Desk) -> None:
    bought(desk)
    sold(desk, "20", "0.50", fee="0.35")
    desk.swept_past_the_end()
    assert desk.settle(kind="provisional") == "settled"
    profit = desk.profit()

    assert desk.settle("Down") == "settled"

    assert desk.one("select settled_payout from positions") == 0
    assert desk.profit() == profit
