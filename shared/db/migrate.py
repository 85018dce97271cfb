"""Forward-only migrations, then the functions as they are in the tree; applied by a command and by tests alike."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from pathlib import Path
from typing import LiteralString, cast

import psycopg

HERE = Path(__file__).parent
MIGRATIONS = HERE / "migrations"
FUNCTIONS = HERE / "functions"
LOCK_KEY = 7_429_001

HISTORY = """
create table if not exists schema_migration (
    name text primary key, sha256 text not null, applied_at timestamptz not null default clock_timestamp())
"""


class MigrationError(RuntimeError):
    """The database holds another history than the tree."""


def migrate(conninfo: str) -> Sequence[str]:
    """Applies what is missing under one lock and returns its names. Raises MigrationError when a file that was applied
    has changed since, psycopg.Error when the server refuses."""
    with psycopg.connect(conninfo) as connection:
        connection.execute("select pg_advisory_xact_lock(%s)", (LOCK_KEY,))
        connection.execute(HISTORY)
        applied = _applied(connection)
        fresh = [path for path in sorted(MIGRATIONS.glob("*.sql")) if _is_missing(path, applied)]
        changed = [path for path in sorted(FUNCTIONS.glob("*.sql")) if applied.get(path.name) != _sha256(path)]
        for path in [*fresh, *(sorted(FUNCTIONS.glob("*.sql")) if fresh or changed else [])]:
            connection.execute(cast("LiteralString", path.read_text()))
            _record(connection, path)
        return [path.name for path in [*fresh, *changed]]


def _applied(connection: psycopg.Connection) -> dict[str, str]:
    rows = connection.execute("select name, sha256 from schema_migration").fetchall()
    return {str(name): str(sha256) for name, sha256 in rows}


def _is_missing(path: Path, applied: dict[str, str]) -> bool:
    known = applied.get(path.name)
    if known is not None and known != _sha256(path):
        raise MigrationError(f"{path.name} was applied in another version; restore it and add a new migration")
    return known is None


def _sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def _record(connection: psycopg.Connection, path: Path) -> None:
    connection.execute(
        "insert into schema_migration (name, sha256) values (%s, %s)"
        " on conflict (name) do update set sha256 = excluded.sha256, applied_at = clock_timestamp()",
        (path.name, _sha256(path)),
    )
