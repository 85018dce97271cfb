"""`apply_order_event` merges what anybody hears of an order, in any order, without ever going back."""

from __future__ import annotations

from decimal import Decimal

import psycopg
import pytest

from tests.integration.db.desk import ACCOUNT, FINAL, LEASE, Desk, order_name

pytestmark = pytest.mark.servers
ORDER = order_name("m1", "Up", 0, 0)


def test_an_accepted_order_is_live(desk: Desk) -> None:
    desk.reserve()

    assert desk.event(ORDER, "accepted") == "live"


def test_an_event_heard_twice_changes_nothing(desk: Desk) -> None:
    desk.placed()
    before = desk.one("select version from orders")

    desk.event(ORDER, "accepted")

    assert desk.one("select version from orders") == before


def test_a_fill_before_the_accept_stays(desk: Desk) -> None:
    desk.reserve()
    desk.fill(ORDER, shares="5")

    assert desk.event(ORDER, "accepted") == "partly_filled"


@pytest.mark.parametrize("last_word", ["cancelled", "expired"])
@pytest.mark.parametrize("late", ["accepted", "uncertain", "cancel_requested", "rejected", "absent", "expired"])
def test_nothing_moves_an_order_after_the_venues_last_word(desk: Desk, last_word: str, late: str) -> None:
    desk.placed()
    desk.event(ORDER, last_word)

    assert desk.event(ORDER, late) == last_word


@pytest.mark.parametrize("event", ["rejected", "absent"])
def test_an_order_never_seen_at_the_venue_can_be_refused(desk: Desk, event: str) -> None:
    desk.reserve()
    desk.event(ORDER, "uncertain")

    assert desk.event(ORDER, event, reason="why") == "rejected"
    assert desk.reserved() == 0


@pytest.mark.parametrize("event", ["rejected", "absent"])
@pytest.mark.parametrize("before", ["accepted", "cancel_requested"])
def test_an_order_the_venue_showed_is_never_taken_for_refused(desk: Desk, event: str, before: str) -> None:
    desk.placed()
    status = desk.event(ORDER, before)

    assert desk.event(ORDER, event) == status
    assert desk.reserved() == Decimal("16.00")


def test_a_cancel_asked_before_the_answer_is_over_with_the_refusal(desk: Desk) -> None:
    desk.reserve()
    assert desk.event(ORDER, "cancel_requested") == "cancelling"

    assert desk.event(ORDER, "rejected", reason="crosses") == "rejected"


def test_a_cancelling_order_stays_reserved_until_the_final_word(desk: Desk) -> None:
    desk.placed()

    desk.event(ORDER, "cancel_requested")
    assert desk.reserved() == Decimal("16.00")
    desk.event(ORDER, "accepted")
    assert desk.status(ORDER) == "cancelling"
    desk.event(ORDER, "cancelled")

    assert desk.reserved() == 0


def test_what_the_venue_matched_before_the_cancel_stays_reserved_until_it_is_booked(desk: Desk) -> None:
    desk.placed()

    desk.event(ORDER, "cancelled", "5")
    assert desk.reserved() == Decimal("4.00")
    desk.fill(ORDER, shares="5")

    assert (desk.reserved(), desk.exposure(), desk.state()) == (0, Decimal("4.00"), "active")


def test_a_grown_match_books_nothing(desk: Desk) -> None:
    desk.placed()

    assert desk.event(ORDER, "matched", "5") == "live"

    assert desk.position() is None
    assert desk.one("select venue_matched from orders") == 5


def test_an_order_thought_absent_that_turns_up_is_reserved_again_to_be_cancelled(desk: Desk) -> None:
    desk.reserve()
    desk.event(ORDER, "uncertain")
    desk.event(ORDER, "absent", reason="ABSENT")

    assert desk.event(ORDER, "accepted") == "cancelling"

    assert desk.reserved() == Decimal("16.00")
    assert desk.causes() == {"order_returned"}
    assert desk.event(ORDER, "cancelled") == "cancelled"
    assert desk.reserved() == 0


def test_a_refused_order_found_open_at_the_venue_is_ours(desk: Desk) -> None:
    desk.reserve()
    desk.event(ORDER, "rejected", reason="crosses")

    assert desk.event(ORDER, "returned") == "cancelling"

    assert desk.reserved() == Decimal("16.00")


def test_a_fill_of_a_refused_order_is_booked_and_the_rest_reserved_again(desk: Desk) -> None:
    desk.reserve()
    desk.event(ORDER, "absent", reason="ABSENT")

    assert desk.fill(ORDER, shares="5") == "booked"

    assert desk.status(ORDER) == "cancelling"
    assert (desk.reserved(), desk.exposure()) == (Decimal("12.00"), Decimal("16.00"))
    assert "order_returned" in desk.causes()


def test_each_change_is_one_fact_with_the_next_version(desk: Desk) -> None:
    desk.placed()
    desk.event(ORDER, "cancel_requested")
    desk.event(ORDER, "cancelled")

    facts = desk.facts("executor.order_changed.v1")

    assert [(fact["version"], fact["status"]) for fact in facts] == [
        (1, "submitting"),
        (2, "live"),
        (3, "cancelling"),
        (4, "cancelled"),
    ]


def test_a_stale_holder_changes_nothing(desk: Desk) -> None:
    desk.reserve()

    with pytest.raises(psycopg.Error) as refused:
        desk.event(ORDER, "accepted", epoch=desk.epoch - 1)

    assert refused.value.sqlstate == "TD001"
    assert desk.status(ORDER) == "submitting"


def test_a_new_holder_raises_the_epoch_and_the_old_one_writes_no_more(desk: Desk) -> None:
    desk.reserve()
    desk.one("select release_lease(%s, 'here')", LEASE)
    assert desk.one("select take_lease(%s, 'there', interval '1 hour')", LEASE) == desk.epoch + 1

    with pytest.raises(psycopg.Error):
        desk.event(ORDER, "accepted")
    assert desk.reserve(rung=1) == "LEASE_LOST"


def test_a_held_lease_is_not_given_to_another(desk: Desk) -> None:
    assert desk.one("select take_lease(%s, 'there', interval '6 seconds')", LEASE) is None
    assert desk.one("select take_lease(%s, 'here', interval '1 hour')", LEASE) == desk.epoch


def test_all_final_states_release_everything(desk: Desk) -> None:
    for rung, event in enumerate(("cancelled", "expired", "rejected")):
        desk.reserve(rung=rung)
        assert desk.event(order_name("m1", "Up", rung, 0), event) in FINAL

    assert desk.reserved() == 0


def test_the_state_of_an_account_is_its_most_restrictive_cause(desk: Desk) -> None:
    for cause, state in (("breaker", "reducing"), ("kill", "halted")):
        desk.one("select guard(%s, %s, %s, '', 'risk')", ACCOUNT, cause, state)
    assert desk.state() == "halted"

    desk.one("select resume(%s, 'operator', '')", ACCOUNT)
    assert desk.state() == "reducing"
    desk.one("select guard(%s, 'breaker', 'active', '', 'risk')", ACCOUNT)
    assert desk.state() == "active"


def test_a_kill_is_announced_with_its_version(desk: Desk) -> None:
    desk.connection.execute("listen trading_state")
    desk.one("select guard(%s, 'recovery', 'halted', '', 'executor', false)", ACCOUNT)
    desk.one("select halt(%s, 'operator', '')", ACCOUNT)

    heard = [notification.payload for notification in desk.connection.notifies(timeout=1, stop_after=2)]

    assert heard == [f"{ACCOUNT} halted f 1", f"{ACCOUNT} halted t 2"]
