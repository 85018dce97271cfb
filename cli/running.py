"""Finds the tables of a home: those of the running system, or those that a stopped one left."""

import asyncio
from collections.abc import Callable
from typing import TypeVar

import psycopg

from cli import readings
from cli.errors import EXIT_NOT_RUNNING, CommandError
from cli.home import Home
from cli.servers.embedded import start_on_free_port
from cli.servers.postgres import PostgresServer
from cli.supervisor.lock import home_held
from cli.supervisor.record import RunningSystem, read_record

T = TypeVar("T")
Reading = Callable[[readings.Connection], T]


def running_system(home: Home) -> RunningSystem | None:
    """The `up` on this home, if one runs."""
    record = read_record(home)
    return record if record and record.alive else None


def required_system(home: Home) -> RunningSystem:
    """Raises CommandError when nothing runs."""
    system = running_system(home)
    if system is None:
        raise CommandError(
            f"nothing runs on {home.path}; start it with `./tdmaker up`, or name its --home", EXIT_NOT_RUNNING
        )
    return system


def with_tables(home: Home, postgres_url: str | None, reading: Reading[T]) -> T:
    """Runs `reading` on the tables. Those of a stopped system are served for as long as that takes.

    Raises CommandError.
    """
    system = running_system(home)
    url = postgres_url or (system.postgres_url if system else None)
    return read_at(url, reading) if url else asyncio.run(_with_stopped(home, reading))


def read_at(url: str, reading: Reading[T]) -> T:
    """Raises CommandError when Postgres or its tables are not there."""
    try:
        with readings.connect(url) as connection:
            return reading(connection)
    except psycopg.errors.UndefinedTable:
        raise CommandError("this database has no tables yet; `./tdmaker migrate` makes them") from None
    except psycopg.OperationalError as error:
        raise CommandError(f"Postgres does not answer: {first_line(error)}") from None


def first_line(error: psycopg.Error) -> str:
    return (str(error).strip().splitlines() or ["no answer"])[0]


async def _with_stopped(home: Home, reading: Reading[T]) -> T:
    if not home.holds_data:
        raise CommandError(f"{home.path} holds no data yet; start with `./tdmaker up`", EXIT_NOT_RUNNING)
    with home_held(home):
        server = PostgresServer(home)
        try:
            await start_on_free_port(server)
            return await asyncio.to_thread(read_at, server.url, reading)
        finally:
            await server.stop()
