"""Connections, each in the role of its service, so that the database itself refuses what is not the service's to do."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from typing import LiteralString, cast

import psycopg
from psycopg.conninfo import make_conninfo
from psycopg.rows import TupleRow
from psycopg_pool import AsyncConnectionPool

Pool = AsyncConnectionPool[psycopg.AsyncConnection[TupleRow]]


def conninfo_of(postgres_url: str, service: str) -> str:
    return make_conninfo(
        postgres_url, options=f"-c role=tdmaker_{service} -c timezone=UTC", application_name=f"tdmaker-{service}"
    )


def new_pool(postgres_url: str, service: str, size_max: int = 4) -> Pool:
    """Autocommit: each named SQL function is one statement and one transaction. Open it before use."""
    return AsyncConnectionPool(
        conninfo_of(postgres_url, service), min_size=1, max_size=size_max, open=False, kwargs={"autocommit": True}
    )


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
