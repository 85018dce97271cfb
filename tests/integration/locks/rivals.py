"""Two more sessions on a desk's database: the first holds its transaction open, the second one waits in a thread."""

from __future__ import annotations

from collections.abc import Callable, Generator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any

import psycopg

from tests.integration.db.desk import Desk

LOOKS = 2000
"""Each look is a query of its own: a bound on the wait for the other session without reading a clock."""
FOR_UPDATE = "AccessExclusiveLock"
"""How `pg_locks` shows the row that a session queues for, by what it wants of it: to lock it before it decides,"""
OWN_WRITE = "ExclusiveLock"
"""to change it in the same statement,"""
KEY_SHARE = "AccessShareLock"
"""or only that it goes on being there: what a foreign key asks of the row that it names."""

WAITS = """
select pg_blocking_pids(waiting.pid), queued.relation::regclass::text, queued.mode,
       array(select distinct relation::regclass::text from pg_locks held join pg_class on oid = relation
             where held.pid = waiting.pid and held.locktype = 'relation' and held.granted
               and held.mode in ('RowShareLock', 'RowExclusiveLock')
               and relkind = 'r' and relnamespace = 'public'::regnamespace)
from pg_locks waiting left join pg_locks queued
     on queued.pid = waiting.pid and queued.locktype = 'tuple' and queued.granted
where waiting.pid = %s and not waiting.granted
"""


class DidNotWaitError(AssertionError):
    """The second session was done without having waited."""


@dataclass(frozen=True, slots=True)
class Wait:
    """Of a session that waits: the row's table and in which mode it wants the row (None where it found the other one's
    change by way of an index), and the tables of which it has locked or changed a row so far, this one included."""

    table: str | None
    mode: str | None
    tables: frozenset[str]


class Rivals:
    def __init__(self, desk: Desk, url: str, thread: ThreadPoolExecutor) -> None:
        self.first = replace(desk, connection=psycopg.connect(url))
        self._second = replace(desk, connection=psycopg.connect(url))
        self._watcher = desk
        self._thread = thread

    def second(self, act: Callable[[Desk], Any]) -> Future[Any]:
        """Starts the second session's transaction, which commits once it is through, and returns once the database
        shows that it waits for the first one. Raises DidNotWaitError."""
        return self._started(lambda: self._committed(act))[0]

    def wait_of_second(self, act: Callable[[Desk], Any]) -> Wait:
        """What the second session waits for; then both are rolled back. Raises DidNotWaitError."""
        result, wait = self._started(lambda: self._rolled_back(act))
        self.first.connection.rollback()
        result.result()
        return wait

    def close(self) -> None:
        self.first.close()
        self._second.close()

    def _started(self, run: Callable[[], Any]) -> tuple[Future[Any], Wait]:
        result = self._thread.submit(run)
        for _ in range(LOOKS):
            rows = self._watcher.rows(WAITS, self._second.connection.info.backend_pid)
            if rows:
                pids, table, mode, tables = rows[0]
                assert pids == [self.first.connection.info.backend_pid]
                return result, Wait(table, mode, frozenset(tables))
            if result.done():
                raise DidNotWaitError(f"it did not wait but said {result.result()!r}")
        raise AssertionError("the second session never came to wait")

    def _committed(self, act: Callable[[Desk], Any]) -> Any:
        said = act(self._second)
        self._second.connection.commit()
        return said

    def _rolled_back(self, act: Callable[[Desk], Any]) -> None:
        act(self._second)
        self._second.connection.rollback()


@contextmanager
def opened_rivals(desk: Desk, url: str) -> Generator[Rivals]:
    with ThreadPoolExecutor(1) as thread:
        pair = Rivals(desk, url, thread)
        try:
            yield pair
        finally:
            pair.close()
