"""The real Postgres, asked at instants of the simulation: every question and every answer takes its time, and both can
be lost."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import datetime
from functools import lru_cache
from random import Random
from typing import Any, LiteralString, cast

import psycopg
from psycopg.rows import TupleRow
from psycopg_pool import PoolTimeout

from cli.simulate.life import Life, living
from cli.simulate.tables import WallOfTables, on_virtual_time
from shared.db.pool import Pool, conninfo_of

Real = psycopg.Connection[TupleRow]
Parameters = Sequence[object] | Mapping[str, object] | None
HOP_SECONDS = (0.0002, 0.0015)
STALL_SECONDS = (0.02, 0.3)
STALLS_PER_HOP = 0.004
CONNECT_TIMEOUT_SECONDS = 30.0
LOOK_SECONDS = 0.05


class Postgres:
    """One server. `conninfo` is a database that `make_tables` made; its rows are this simulation's alone."""

    def __init__(self, conninfo: str, wall: WallOfTables, now: Callable[[], datetime], chance: Random) -> None:
        self.is_up = True
        self.starts = 0
        self.statements = 0
        self._conninfo = conninfo
        self._wall = wall
        self._now = now
        self._chance = chance
        self._idle: defaultdict[str, list[Real]] = defaultdict(list)
        self._listeners: list[tuple[Life, asyncio.Queue[str | None]]] = []
        self._pools: list[SimulatedPool] = []

    def pool(self, service: str, size_max: int) -> Pool:
        made = SimulatedPool(self, service, size_max)
        self._pools.append(made)
        life = living()
        life.when_dead(lambda: self._forget(made))
        return cast("Pool", made)

    async def listen(self, heard: Callable[[str], Awaitable[None]]) -> None:
        """Hands each notification on until the server goes away. Raises psycopg.OperationalError."""
        await self.hop(self.starts)
        queue: asyncio.Queue[str | None] = asyncio.Queue()
        self._listeners.append((living(), queue))
        while (text := await queue.get()) is not None:
            await heard(text)
        raise psycopg.OperationalError("the server closed the connection")

    def stop(self) -> None:
        """As by a crash: what was not committed is gone, every connection breaks."""
        self.is_up = False
        for _, queue in self._listeners:
            queue.put_nowait(None)
        self._listeners.clear()
        for pool in self._pools:
            pool.roll_back()

    def start(self) -> None:
        self.is_up = True
        self.starts += 1

    def close(self) -> None:
        for connections in self._idle.values():
            for connection in connections:
                connection.close()

    async def hop(self, started: int) -> None:
        """One way. Raises psycopg.OperationalError when the server went away meanwhile."""
        is_stalled = self._chance.random() < STALLS_PER_HOP
        await asyncio.sleep(self._chance.uniform(*(STALL_SECONDS if is_stalled else HOP_SECONDS)))
        if not self.is_up or self.starts != started:
            raise psycopg.OperationalError("the server closed the connection unexpectedly")

    def ask(self, connection: Real, statement: LiteralString, parameters: Parameters) -> psycopg.Cursor[TupleRow]:
        """At once. Raises psycopg.Error."""
        self.statements += 1
        self._wall.tell(self._now())
        return connection.execute(_virtual(statement), parameters, prepare=True)

    def take(self, service: str) -> Real:
        idle = self._idle[service]
        return idle.pop() if idle else self._connect(service)

    def give_back(self, service: str, connection: Real) -> None:
        if connection.info.transaction_status is not psycopg.pq.TransactionStatus.IDLE:
            connection.rollback()
        self._idle[service].append(connection)

    def _connect(self, service: str) -> Real:
        """Notifications reach the connection that caused them at its commit; from there they are handed on."""
        connection = psycopg.connect(conninfo_of(self._conninfo, service), autocommit=True)
        connection.execute("set lock_timeout = '200ms'")
        connection.add_notify_handler(lambda notify: self._notified(connection, notify))
        connection.execute("listen trading_state")
        return connection

    def _notified(self, connection: Real, notify: psycopg.Notify) -> None:
        if notify.pid != connection.info.backend_pid:
            return
        for life, queue in self._listeners:
            if life.is_alive:
                queue.put_nowait(notify.payload)

    def _forget(self, pool: SimulatedPool) -> None:
        pool.roll_back()
        self._pools.remove(pool)
        self._listeners = [listener for listener in self._listeners if listener[0].is_alive]


class SimulatedPool:
    """What services use of psycopg's pool."""

    def __init__(self, server: Postgres, service: str, size_max: int) -> None:
        self._server = server
        self._service = service
        self._free = asyncio.Semaphore(size_max)
        self._used: list[Real] = []
        self._starts = server.starts

    async def open(self) -> None:
        pass

    async def close(self) -> None:
        pass

    @asynccontextmanager
    async def connection(self, timeout: float | None = None) -> AsyncGenerator[SimulatedConnection]:  # noqa: ASYNC109
        """Raises psycopg_pool.PoolTimeout while the server is away for longer."""
        await self._until_up(CONNECT_TIMEOUT_SECONDS if timeout is None else timeout)
        async with self._free:
            started, self._starts = self._starts, self._server.starts
            real = self._server.take(self._service)
            self._used.append(real)
            try:
                yield SimulatedConnection(self._server, real, started)
            finally:
                if real in self._used:
                    self._used.remove(real)
                    self._server.give_back(self._service, real)

    def roll_back(self) -> None:
        """Whoever used a connection has lost it."""
        while self._used:
            self._server.give_back(self._service, self._used.pop())

    async def _until_up(self, bound_seconds: float) -> None:
        try:
            async with asyncio.timeout(bound_seconds):
                while not self._server.is_up:
                    await asyncio.sleep(LOOK_SECONDS)
        except TimeoutError:
            raise PoolTimeout(f"couldn't get a connection after {bound_seconds:.2f} sec") from None


class SimulatedConnection:
    """What services use of psycopg's connection. One from before the server's last start is broken, and says so when it
    is used."""

    def __init__(self, server: Postgres, real: Real, started: int) -> None:
        self._server = server
        self._real = real
        self._started = started

    async def execute(
        self,
        statement: LiteralString,
        parameters: Parameters = None,
        *,
        prepare: bool | None = None,  # noqa: ARG002 it always is
    ) -> SimulatedRows:
        """Raises psycopg.Error, also when only the answer was lost."""
        await self._server.hop(self._started)
        try:
            rows = SimulatedRows(self._server.ask(self._real, statement, parameters))
        except psycopg.Error:
            await self._server.hop(self._started)
            raise
        await self._server.hop(self._started)
        return rows

    @asynccontextmanager
    async def transaction(self) -> AsyncGenerator[None]:
        await self.execute("begin")
        try:
            yield
        except BaseException:
            if not self._real.autocommit or self._real.info.transaction_status is not psycopg.pq.TransactionStatus.IDLE:
                self._real.rollback()
            raise
        await self.execute("commit")


class SimulatedRows:
    """What services use of a cursor."""

    def __init__(self, cursor: psycopg.Cursor[Any]) -> None:
        self._cursor = cursor

    async def fetchone(self) -> Any:
        return self._cursor.fetchone()

    async def fetchall(self) -> list[Any]:
        return self._cursor.fetchall()


@lru_cache(maxsize=1024)
def _virtual(statement: LiteralString) -> LiteralString:
    return on_virtual_time(statement)
