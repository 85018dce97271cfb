"""Connections, each in the role of its service, so that the database itself refuses what is not the service's to do."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from typing import LiteralString, cast

import psycopg
from psycopg.conninfo import make_conninfo
from psycopg.rows import TupleRow
from psycopg_pool import AsyncConnectionPool

WAIT_SECONDS = 5.0
"""How long a statement waits for a connection."""
RECONNECT_SECONDS = 2.0
"""Then the pool gives up a connection that cannot be made, and the next statement tries anew. Its own pauses double:
after a long absence of the database it would stay away as long again."""
Pool = AsyncConnectionPool[psycopg.AsyncConnection[TupleRow]]


def conninfo_of(postgres_url: str, service: str) -> str:
    return make_conninfo(
        postgres_url, options=f"-c role=tdmaker_{service} -c timezone=UTC", application_name=f"tdmaker-{service}"
    )


def new_pool(postgres_url: str, service: str, size_max: int = 4) -> Pool:
    """Autocommit: each named SQL function is one statement and one transaction. Open it before use."""
    return AsyncConnectionPool(
        conninfo_of(postgres_url, service),
        min_size=1,
        max_size=size_max,
        open=False,
        timeout=WAIT_SECONDS,
        reconnect_timeout=RECONNECT_SECONDS,
        check=_refuse_closed,
        kwargs={"autocommit": True},
    )


async def _refuse_closed(connection: psycopg.AsyncConnection[TupleRow]) -> None:
    """A server that went away has closed its end, which is seen only by reading: no round trip, so that the first
    statement after its return is not lost to a dead connection. Raises psycopg.OperationalError."""
    connection.pgconn.consume_input()  # its last words, if it had any
    connection.pgconn.consume_input()


def load_sql(folder: Path) -> dict[str, LiteralString]:
    """Statements by file name, without the suffix."""
    return {path.stem: cast("LiteralString", path.read_text()) for path in sorted(folder.glob("*.sql"))}


async def call(pool: Pool, statement: LiteralString, parameters: Sequence[object]) -> object:
    """The first column of the only row, or None. Raises psycopg.Error."""
    async with pool.connection() as connection:
        row = await (await connection.execute(statement, parameters, prepare=True)).fetchone()
    return None if row is None else row[0]


async def listen(
    postgres_url: str, service: str, channel: LiteralString, heard: Callable[[str], Awaitable[None]]
) -> None:
    """Hands each notification's payload on, for ever. Raises psycopg.OperationalError when the server goes away."""
    connection = await psycopg.AsyncConnection.connect(conninfo_of(postgres_url, service), autocommit=True)
    async with connection:
        await connection.execute("listen " + channel)
        async for notification in connection.notifies():
            await heard(notification.payload)
