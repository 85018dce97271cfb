"""Two real sessions, the first transaction held open, the second one's wait seen in pg_locks."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from decimal import Decimal
from typing import Any

import psycopg
import pytest

from tests.integration.db.desk import ACCOUNT, Desk, order_name

pytestmark = pytest.mark.servers
LOOKS = 2000
"""Each look is a query of its own: a bound on the wait for the other session without reading a clock."""
ORDER = order_name("m1", "Up", 0, 0)


class Rivals:
    """Two more sessions on the desk's database: `first` holds its transaction open, `second` runs in a thread."""

    def __init__(self, desk: Desk, url: str, thread: ThreadPoolExecutor) -> None:
        self.first = Desk(psycopg.connect(url), desk.epoch)
        self._second = Desk(psycopg.connect(url, autocommit=True), desk.epoch)
        self._watcher = desk
        self._thread = thread

    def second(self, act: Callable[[Desk], Any]) -> Future[Any]:
        """Starts the second session's statement and returns once the database shows that it waits for a lock."""
        pid = self._second.connection.info.backend_pid
        result = self._thread.submit(act, self._second)
        for _ in range(LOOKS):
            if self._watcher.one("select count(*) from pg_locks where pid = %s and not granted", pid):
                return result
            if result.done():
                raise AssertionError(f"it did not wait but said {result.result()!r}")
        raise AssertionError("the second session never came to wait")

    def close(self) -> None:
        self.first.close()
        self._second.close()


@pytest.fixture
def rivals(desk: Desk, postgres_database: str) -> Iterator[Rivals]:
    with ThreadPoolExecutor(1) as thread, _opened(desk, postgres_database, thread) as pair:
        yield pair


@contextmanager
def _opened(desk: Desk, url: str, thread: ThreadPoolExecutor) -> Generator[Rivals]:
    pair = Rivals(desk, url, thread)
    try:
        yield pair
    finally:
        pair.close()


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
