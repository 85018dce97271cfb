"""Locks are taken in one order, so no two sessions ever wait for each other."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest

from tests.integration.locks.calls import CALLS, Call
from tests.integration.locks.crowd import opened_accounts, work

pytestmark = pytest.mark.servers
ORDER = ["account", "market_guard", "orders", "positions"]
SESSIONS = 4
CALLS_EACH = 300


@pytest.mark.parametrize("call", CALLS, ids=lambda call: call.name)
def test_every_function_takes_its_locks_in_the_one_order(call: Call) -> None:
    tables = [lock.table for lock in call.locks]
    assert len(tables) == 1 or tables == sorted(tables, key=ORDER.index)


@pytest.mark.parametrize("seed", [1, 2])
def test_sessions_that_call_anything_at_once_never_deadlock_and_leave_true_books(
    seed: int, postgres_database: str
) -> None:
    desks = opened_accounts(postgres_database)
    start = Barrier(SESSIONS)

    with ThreadPoolExecutor(SESSIONS) as threads:
        seeds = range(seed * 100, seed * 100 + SESSIONS)
        running = [threads.submit(work, postgres_database, desks, each, CALLS_EACH, start) for each in seeds]
        done = [each.result() for each in running]

    booked, settled = desks[0].rows("select (select count(*) from fill), (select count(*) from settlement)")[0]
    differences = [difference for desk in desks for difference in desk.differences()]
    for desk in desks:
        desk.close()
    assert (done, differences) == ([CALLS_EACH] * SESSIONS, [])
    assert booked > 0
    assert settled > 0
