"""The real tables and functions, whose clock is the simulation's."""

from __future__ import annotations

import os
from datetime import UTC, datetime
from typing import LiteralString, cast

import psycopg
from psycopg import sql

from shared.db.migrate import FUNCTIONS, MIGRATIONS

EPOCH = datetime(2026, 3, 2, 10, 0, tzinfo=UTC)
"""Where time begins."""
TEXT = "%Y-%m-%d %H:%M:%S.%f+00"

MACHINE_CLOCK, VIRTUAL_CLOCK = "clock_timestamp()", "virtual_now()"
READS = """
create function virtual_now() returns timestamptz language sql volatile security definer
return pg_read_file('virtual_now_' || current_database())::timestamptz
"""
"""From a file beside the tables: to tell each statement the time would take longer than most statements."""
PLACE = "select current_setting('data_directory') || '/virtual_now_' || current_database()"
ROWS = "select tablename from pg_tables where schemaname = 'public'"


class WallOfTables:
    """What `clock_timestamp()` says in a database that `make_tables` made."""

    def __init__(self, connection: psycopg.Connection) -> None:
        """Raises psycopg.Error, OSError."""
        row = connection.execute(PLACE).fetchone()
        self._file = os.open(str(row[0]) if row else "", os.O_WRONLY | os.O_CREAT, 0o644)
        self._told: datetime | None = None
        self.tell(EPOCH)

    def tell(self, now: datetime) -> None:
        if now != self._told:
            os.pwrite(self._file, now.strftime(TEXT).encode(), 0)
            self._told = now

    def close(self) -> None:
        os.close(self._file)


def make_tables(connection: psycopg.Connection) -> None:
    """In an empty database, by the migrations and functions of the tree. Raises psycopg.Error."""
    wall = WallOfTables(connection)
    connection.execute(READS)
    for path in (*sorted(MIGRATIONS.glob("*.sql")), *sorted(FUNCTIONS.glob("*.sql"))):
        connection.execute(on_virtual_time(cast("LiteralString", path.read_text())))
    connection.execute("grant execute on function virtual_now() to public")
    wall.close()


def empty_tables(connection: psycopg.Connection) -> None:
    """As they were made. Raises psycopg.Error."""
    names = [sql.Identifier(name) for (name,) in connection.execute(ROWS).fetchall()]
    connection.execute(sql.SQL("truncate {} restart identity cascade").format(sql.SQL(", ").join(names)))


def on_virtual_time(statement: LiteralString) -> LiteralString:
    return statement.replace(MACHINE_CLOCK, VIRTUAL_CLOCK)
