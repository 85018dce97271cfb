"""Servers go away for longer than any lease lasts, with the whole system running: it comes back without a human."""

from __future__ import annotations

import asyncio
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from cli.home import Home
from cli.processes import identify
from cli.servers.postgres import PostgresServer
from cli.servers.valkey import ValkeyServer
from cli.supervisor.environment import SERVICES
from tests.integration.away.outage import take_away
from tests.system.conftest import MEMORY, started
from tests.system.run import Run, until

pytestmark = pytest.mark.system
OPTIONS = ("--live", "--seed", "7", "--slot-duration", "both", "--speed", "10", "--for", "90")
ORDERS = "select count(*) from orders"
CAUSES = "select count(*) from trading_cause"


class Away:
    """A system on a Postgres and a Valkey of this test."""

    def __init__(self, home: Home) -> None:
        self._runner = asyncio.Runner()
        self.postgres, self.valkey = PostgresServer(home), ValkeyServer(home)

    def __enter__(self) -> Away:
        self._runner.__enter__()
        for server in (self.postgres, self.valkey):
            self._runner.run(server.start())
        return self

    def __exit__(self, *_: object) -> None:
        for server in (self.postgres, self.valkey):
            self._runner.run(server.stop())
        self._runner.__exit__(None, None, None)

    def take(self, server: PostgresServer | ValkeyServer) -> None:
        self._runner.run(take_away(server))

    def give_back(self, server: PostgresServer) -> None:
        self._runner.run(server.start())

    def count(self, statement: str) -> int:
        with psycopg.connect(self.postgres.url) as connection:
            row = connection.execute(statement.encode()).fetchone()
        assert row is not None
        return int(row[0])

    def until_more_orders(self) -> None:
        so_far = self.count(ORDERS)
        until(f"more than {so_far} orders", lambda: self.count(ORDERS) > so_far)


@pytest.fixture
def away() -> Iterator[Away]:
    folder = Path(tempfile.mkdtemp(prefix="tdmaker-away-", dir=MEMORY if MEMORY.is_dir() else None))
    home = Home.at(folder)
    home.make()
    with Away(home) as servers:
        yield servers
    shutil.rmtree(folder, ignore_errors=True)


def pids(run: Run) -> dict[str, int]:
    return {process.name: process.pid for process in run.system.processes}


def is_alive(run: Run, name: str) -> bool:
    (process,) = [each for each in run.system.processes if each.name == name]
    return identify(process.pid) == process.identity


def are_ready(run: Run) -> bool:
    try:
        return all(run.get(service, "/readyz")[0] == 200 for service in SERVICES)
    except (OSError, KeyError):
        return False


def test_trading_goes_on_without_valkey_and_after_postgres_is_back(away: Away) -> None:
    servers = ("--postgres-url", away.postgres.url, "--redis-url", away.valkey.url)
    with started((*OPTIONS, *servers)) as run:
        away.until_more_orders()
        before = pids(run)

        away.take(away.valkey)
        away.until_more_orders()
        assert pids(run) == before

        away.take(away.postgres)
        until("the executor has ended", lambda: not is_alive(run, "executor") or pids(run) != before)
        away.give_back(away.postgres)
        until("every service is ready", lambda: are_ready(run))
        until("entries are open", lambda: away.count(CAUSES) == 0)
        away.until_more_orders()

        ended = run.end()
    assert (ended.summary["referee_difference"], ended.summary["orders"] > 2) == (0, True), ended.said
