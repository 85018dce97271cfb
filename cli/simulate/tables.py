"""The real tables and functions, whose clock is the simulation's."""

from __future__ import annotations

from typing import LiteralString, cast

import psycopg
from psycopg import sql

from shared.db.migrate import FUNCTIONS, MIGRATIONS

MACHINE_CLOCK, VIRTUAL_CLOCK = "clock_timestamp()", "virtual_now()"
TOLD = "select set_config('tdmaker.now', %s, false)"
"""A statement reads the time that its connection was told last."""
READS = """
create function virtual_now() returns timestamptz language sql volatile
return current_setting('tdmaker.now')::timestamptz
"""
ROWS = "select tablename from pg_tables where schemaname = 'public'"


def make_tables(connection: psycopg.Connection) -> None:
    """In an empty database, by the migrations and functions of the tree. Raises psycopg.Error."""
    connection.execute(TOLD, ("2000-01-01 00:00:00+00",))
    connection.execute(READS)
    for path in (*sorted(MIGRATIONS.glob("*.sql")), *sorted(FUNCTIONS.glob("*.sql"))):
        connection.execute(on_virtual_time(cast("LiteralString", path.read_text())))
    connection.execute("grant execute on function virtual_now() to public")


def empty_tables(connection: psycopg.Connection) -> None:
    """As they were made. Raises psycopg.Error."""
    names = [sql.Identifier(name) for (name,) in connection.execute(ROWS).fetchall()]
    connection.execute(sql.SQL("truncate {} restart identity cascade").format(sql.SQL(", ").join(names)))


def on_virtual_time(statement: LiteralString) -> LiteralString:
    return statement.replace(MACHINE_CLOCK, VIRTUAL_CLOCK)
