"""Two real sessions, the first transaction held open, the second one's wait seen in pg_locks."""

from __future__ import annotations

from decimal import Decimal

import pytest

from tests.integration.db.desk import ACCOUNT, Desk, order_name
from tests.integration.locks.rivals import Rivals

pytestmark = pytest.mark.servers
ORDER = order_name("m1", "Up", 0, 0)


def test_two_reservations_cannot_both_take_the_last_dollar(desk: Desk, rivals: Rivals) -> None:
    desk.add_market("m2")
    assert rivals.first.reserve(shares="20") is None

    waiting = rivals.second(lambda second: second.reserve(market="m2", shares="20"))
    rivals.first.connection.commit()

    assert waiting.result() == "NO_HEADROOM"
    assert desk.exposure() == Decimal("16.00")


def test_the_second_reservation_gets_the_dollars_the_first_did_not_take_after_all(desk: Desk, rivals: Rivals) -> None:
    desk.add_market("m2")
    assert rivals.first.reserve(shares="20") is None

    waiting = rivals.second(lambda second: second.reserve(market="m2", shares="20"))
    rivals.first.connection.rollback()

    assert waiting.result() is None
    assert desk.exposure() == Decimal("16.00")


def test_one_intent_delivered_to_two_sessions_is_one_order(desk: Desk, rivals: Rivals) -> None:
    assert rivals.first.reserve(shares="5") is None

    waiting = rivals.second(lambda second: second.reserve(shares="5"))
    rivals.first.connection.commit()

    assert waiting.result() == "ALREADY_RESERVED"


def test_nothing_is_reserved_after_a_kill_that_was_first(desk: Desk, rivals: Rivals) -> None:
    rivals.first.one("select halt(%s, 'operator', '')", ACCOUNT)

    waiting = rivals.second(lambda second: second.reserve())
    rivals.first.connection.commit()

    assert waiting.result() == "HALTED"


def test_a_kill_waits_for_the_reservation_that_was_first_and_finds_its_order(desk: Desk, rivals: Rivals) -> None:
    assert rivals.first.reserve() is None

    waiting = rivals.second(lambda second: second.one("select halt(%s, 'operator', '')::text", ACCOUNT))
    rivals.first.connection.commit()

    assert waiting.result() == "halted"
    assert desk.status(ORDER) == "submitting"


def test_two_readers_of_one_fill_book_it_once(desk: Desk, rivals: Rivals) -> None:
    desk.placed()
    assert rivals.first.fill(ORDER, source="user") == "booked"

    waiting = rivals.second(lambda second: second.fill(ORDER, source="rest"))
    rivals.first.connection.commit()

    assert waiting.result() == "seen"
    assert desk.position() == (Decimal(20), Decimal("16.00"))


def test_a_cancel_and_a_paper_fill_of_one_order_cannot_both_win(desk: Desk, rivals: Rivals) -> None:
    desk.placed()
    assert rivals.first.event(ORDER, "cancelled") == "cancelled"

    waiting = rivals.second(lambda second: second.fill(ORDER, source="paper"))
    rivals.first.connection.commit()

    assert waiting.result() == "too_late"


def test_a_settlement_waits_for_the_fill_that_was_first(desk: Desk, rivals: Rivals) -> None:
    desk.placed()
    desk.swept_past_the_end()
    assert rivals.first.fill(ORDER) == "booked"

    waiting = rivals.second(lambda second: second.settle("Up"))
    rivals.first.connection.commit()

    assert waiting.result() == "settled"
    assert desk.profit() == Decimal("4.00")
