"""`reserve`: one statement that records an order or says why not."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest

from tests.integration.db.desk import ACCOUNT, END, LEASE, START, Desk, order_name, token_of

pytestmark = pytest.mark.servers


def test_a_reservation_takes_its_dollars_and_keeps_the_signed_bytes(desk: Desk) -> None:
    assert desk.reserve() is None

    assert desk.reserved() == Decimal("16.00")
    assert desk.rows("select status::text, signed_order, venue_order_id, version from orders") == [
        ("submitting", b"signed", "venue-td/m1/Up/0/0", 1)
    ]
    fact = desk.facts("executor.order_changed.v1")[0]
    assert (fact["status"], fact["price"], fact["shares"]) == ("submitting", "0.80", "20")


def test_the_same_intent_twice_is_one_order(desk: Desk) -> None:
    assert desk.reserve() is None

    assert desk.reserve() == "ALREADY_RESERVED"

    assert desk.reserved() == Decimal("16.00")


def test_an_expired_intent_is_refused(desk: Desk) -> None:
    assert desk.reserve(valid_seconds=-0.001) == "EXPIRED_INTENT"


@pytest.mark.parametrize("state", ["reducing", "halted"])
def test_nothing_is_reserved_unless_trading_is_active(desk: Desk, state: str) -> None:
    desk.one("select guard(%s, 'breaker', %s, '', 'risk')", ACCOUNT, state)

    assert desk.reserve() == "HALTED"


def test_nothing_is_reserved_after_a_kill(desk: Desk) -> None:
    desk.one("select halt(%s, 'operator', 'test')", ACCOUNT)

    assert desk.reserve() == "HALTED"


@pytest.mark.parametrize("service", ["discovery", "bidder", "fills", "risk"])
def test_a_watcher_silent_for_five_seconds_refuses_entries(desk: Desk, service: str) -> None:
    desk.one(
        "update liveness set seen_at = clock_timestamp() - interval '5.1 seconds' where service = %s returning service",
        service,
    )

    assert desk.reserve() == "SERVICE_MISSING"


def test_an_older_epoch_of_the_lease_reserves_nothing(desk: Desk) -> None:
    assert desk.reserve(epoch=desk.epoch - 1) == "LEASE_LOST"


def test_a_lease_that_ran_out_reserves_nothing(desk: Desk) -> None:
    desk.one("update lease set expires_at = clock_timestamp() where name = %s returning name", LEASE)

    assert desk.reserve() == "LEASE_LOST"


def test_a_market_nobody_listed_is_unknown(desk: Desk) -> None:
    assert desk.reserve(market="m9") == "UNKNOWN_MARKET"


def test_an_outcome_the_market_does_not_have_is_unknown(desk: Desk) -> None:
    assert desk.reserve("Sideways") == "UNKNOWN_MARKET"


def test_a_market_takes_orders_until_its_end_excluded(desk: Desk) -> None:
    assert desk.reserve(domain_now=END) == "MARKET_CLOSED"
    assert desk.reserve(domain_now=END - timedelta(milliseconds=1)) is None


def test_a_market_that_takes_no_orders_is_closed(desk: Desk) -> None:
    desk.one("update market set accepting_orders = false where market_id = 'm1' returning 1")

    assert desk.reserve(domain_now=START) == "MARKET_CLOSED"


@pytest.mark.parametrize(("flag", "reason"), [("awaiting_settlement", "AWAITING_SETTLEMENT"), ("exited", "EXITED")])
def test_a_guarded_market_takes_no_entry(desk: Desk, flag: str, reason: str) -> None:
    desk.one("select guard_market(%s, 'm1', %s, 'risk')", ACCOUNT, flag)

    assert desk.reserve() == reason


def test_a_market_whose_bids_came_back_trades_again(desk: Desk) -> None:
    desk.one("select guard_market(%s, 'm1', 'awaiting_settlement', 'risk')", ACCOUNT)
    desk.one("select guard_market(%s, 'm1', 'trading', 'risk')", ACCOUNT)

    assert desk.reserve() is None


def test_an_unmatched_fill_blocks_its_market_until_it_is_resolved(desk: Desk) -> None:
    desk.one("select park_fill(%s, 'm1', 't/x/', 'unknown_order', '{}', 'fills')", ACCOUNT)
    assert desk.reserve() == "UNMATCHED_FILL"

    assert desk.one("select resolve_unmatched(%s, 't/x/', 'fills')", ACCOUNT) is True
    assert desk.one("select resolve_unmatched(%s, 't/x/', 'fills')", ACCOUNT) is False

    assert desk.reserve() is None


def test_an_unmatched_fill_of_an_unknown_market_closes_all_entries_until_it_is_resolved(desk: Desk) -> None:
    desk.one("select park_fill(%s, 'm9', 't/x/', 'unknown_order', '{}', 'fills')", ACCOUNT)
    assert desk.causes() == {"unmatched_fill"}

    desk.one("select resolve_unmatched(%s, 't/x/', 'fills')", ACCOUNT)

    assert desk.causes() == set()


def test_the_other_side_of_a_held_market_is_refused(desk: Desk) -> None:
    desk.fill(desk.placed("Up"))

    assert desk.reserve("Down") == "OTHER_SIDE_HELD"


@pytest.mark.parametrize(
    ("down", "refusal"),
    [("0.19", None), ("0.20", "SELF_CROSSING"), ("0.21", "SELF_CROSSING"), ("0.80", "SELF_CROSSING")],
)
def test_a_bid_that_would_meet_our_own_on_the_other_outcome_is_refused(
    desk: Desk, down: str, refusal: str | None
) -> None:
    """Also of another strategy: the account is one at the venue."""
    assert desk.reserve("Up", price="0.80") is None

    assert desk.reserve("Down", price=down, tag="other") == refusal


def test_a_bid_of_ours_that_is_over_is_met_by_nobody(desk: Desk) -> None:
    desk.event(desk.placed("Up", price="0.80"), "cancelled")

    assert desk.reserve("Down", price="0.80") is None


def test_what_is_left_of_a_partly_filled_order_can_still_be_met(desk: Desk) -> None:
    """Less than the minimum is no working rung any more, and still rests at the venue; the fill was taken back."""
    order = desk.placed("Up", price="0.80")
    desk.fill(order, shares="16")
    desk.fill(order, shares="16", status="failed")

    assert desk.reserve("Down", price="0.80") == "SELF_CROSSING"


def test_a_filled_rung_is_never_placed_again(desk: Desk) -> None:
    desk.fill(desk.placed(), shares="20")

    assert desk.reserve(attempt=1) == "RUNG_TAKEN"
    assert desk.reserve(rung=1) is None


def test_a_rung_with_less_than_the_minimum_left_counts_as_filled(desk: Desk) -> None:
    order = desk.placed()
    desk.fill(order, shares="15.01")
    assert desk.event(order, "cancelled", "15.01") == "cancelled"

    assert desk.reserve(attempt=1) == "RUNG_TAKEN"


def test_a_cancelled_rung_may_be_placed_again(desk: Desk) -> None:
    order = desk.placed()
    desk.fill(order, shares="5")
    assert desk.event(order, "cancelled", "5") == "cancelled"

    assert desk.reserve(attempt=1, shares="15") is None


def test_no_order_while_one_of_the_outcome_works(desk: Desk) -> None:
    desk.placed()

    assert desk.reserve(rung=1) == "ALREADY_WORKING"


def test_a_rest_below_the_minimum_does_not_hold_up_the_next_rung(desk: Desk) -> None:
    desk.fill(desk.placed(), shares="15.01")

    assert desk.reserve(rung=1) is None


def test_no_order_while_a_cancel_is_in_flight_in_the_market(desk: Desk) -> None:
    desk.event(desk.placed("Up"), "cancel_requested")

    assert desk.reserve("Down") == "CANCEL_IN_FLIGHT"


@pytest.mark.parametrize("attempt", [0, 2])
def test_an_intent_made_on_another_count_of_orders_is_stale(desk: Desk, attempt: int) -> None:
    desk.event(desk.placed(), "cancelled")

    refusal = desk.reserve(attempt=attempt)

    assert refusal == ("ALREADY_RESERVED" if attempt == 0 else "STALE_INTENT")


def test_the_limit_holds_to_the_last_dollar(desk: Desk) -> None:
    for market in ("m2", "m3", "m4"):
        desk.add_market(market)
    desk.placed(shares="50")
    desk.placed(market="m2", shares="50")

    assert desk.reserve(market="m3", shares="25.02") == "NO_HEADROOM"
    assert desk.reserve(market="m3", shares="25") is None

    assert desk.exposure() == Decimal(100)
    assert desk.reserve(market="m4", shares="5") == "NO_HEADROOM"


def test_an_exit_sells_confirmed_shares_that_are_not_being_sold(desk: Desk) -> None:
    order = desk.placed()
    desk.fill(order, shares="20")
    assert desk.reserve(side="SELL", purpose="exit", shares="20", price="0.01") == "NOTHING_TO_SELL"

    desk.fill(order, shares="20", status="confirmed")

    assert desk.reserve(side="SELL", purpose="exit", shares="20.01", price="0.01") == "NOTHING_TO_SELL"
    assert desk.reserve(side="SELL", purpose="exit", shares="12", price="0.01") is None
    assert desk.reserve(side="SELL", purpose="exit", rung=1, shares="8.01", price="0.01") == "NOTHING_TO_SELL"


def test_an_exit_goes_on_while_reducing_and_not_while_halted(desk: Desk) -> None:
    desk.fill(desk.placed(), status="confirmed")
    desk.one("select guard(%s, 'breaker', 'reducing', '', 'risk')", ACCOUNT)
    assert desk.reserve(side="SELL", purpose="exit", shares="10", price="0.01") is None

    desk.one("select halt(%s, 'operator', '')", ACCOUNT)

    assert desk.reserve(side="SELL", purpose="exit", rung=1, shares="10", price="0.01") == "HALTED"


def test_two_strategies_of_one_account_count_their_own_orders(desk: Desk) -> None:
    desk.event(desk.placed(tag="one"), "cancelled")

    assert desk.reserve(tag="two", attempt=0) is None
    assert desk.status(order_name("m1", "Up", 0, 0, "two")) == "submitting"
    assert desk.one("select token_id from orders where strategy_tag = 'two'") == token_of("m1", "Up")
