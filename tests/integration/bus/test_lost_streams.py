"""The bus loses every file while services run: streams come back by themselves, and what they held comes again."""

from __future__ import annotations

import asyncio
import shutil
import signal
import tempfile
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

import psycopg
import pytest
from nats.js.errors import NotFoundError

from cli.home import Home
from cli.servers.nats import NatsServer
from shared.bus.connection import connect_nats
from shared.bus.facts import NatsFacts
from shared.bus.relay import Relay
from shared.bus.streams import load_topology
from shared.db.outbox import PostgresOutbox
from shared.db.pool import new_pool
from shared.messages.envelope import Envelope

pytestmark = pytest.mark.servers
BOUND_SECONDS = 30
SETTLED = "pm.v1.settlement.position_settled.m1"
EMIT = "select emit(%s, 'test.fact.v1', %s, 1, 'test', 'c', null, clock_timestamp(), '{}')"
AGE = "update outbox set published_at = clock_timestamp() - %s::interval where key = %s"


class Reader:
    def __init__(self) -> None:
        self.keys: list[str] = []
        self._changed = asyncio.Event()

    async def handle(self, envelope: Envelope) -> None:
        self.keys.append(envelope.key)
        self._changed.set()

    async def has_seen(self, *keys: str) -> None:
        while self.keys != list(keys):
            self._changed.clear()
            try:
                async with asyncio.timeout(BOUND_SECONDS):
                    await self._changed.wait()
            except TimeoutError:
                pytest.fail(f"saw {self.keys}, not {list(keys)}")


class Tables:
    """Commits facts as a service's function does."""

    def __init__(self, url: str) -> None:
        self._url = url

    def commit(self, key: str) -> None:
        self.run(EMIT, SETTLED, key)

    def run(self, statement: str, *parameters: object) -> list[tuple[object, ...]]:
        with psycopg.connect(self._url, autocommit=True) as connection:
            found = connection.execute(statement.encode(), parameters)
            return found.fetchall() if found.description else []


@pytest.fixture
async def nats() -> AsyncIterator[NatsServer]:
    home = Home.at(Path(tempfile.mkdtemp(prefix="tdmaker-nats-")))
    home.make()
    server = NatsServer(home)
    await server.start()
    yield server
    await server.stop()
    shutil.rmtree(home.path, ignore_errors=True)


async def lose_everything(server: NatsServer) -> None:
    assert server.child is not None
    server.child.process.send_signal(signal.SIGKILL)
    await server.child.wait()
    shutil.rmtree(server.home.nats / "jetstream")
    await server.start()


@asynccontextmanager
async def reading(server: NatsServer, reader: Reader) -> AsyncGenerator[None]:
    while (facts := await _started(server, reader)) is None:  # as a service waits for what is not declared yet
        await asyncio.sleep(0.05)
    yield
    await facts.stop()


async def _started(server: NatsServer, reader: Reader) -> NatsFacts | None:
    facts = NatsFacts(server.url, "notifier", load_topology())
    facts.subscribe("settlements", reader.handle)
    try:
        await facts.start()
    except NotFoundError:
        return None
    return facts


@asynccontextmanager
async def relaying(server: NatsServer, url: str) -> AsyncGenerator[None]:
    async with AsyncExitStack() as stack:
        client = await connect_nats(servers=[server.url], max_reconnect_attempts=-1, reconnect_time_wait=0.05)
        stack.push_async_callback(client.close)
        pool = await stack.enter_async_context(new_pool(url, "fills"))
        relay = Relay(PostgresOutbox(pool), client.jetstream(), load_topology())
        tasks = [asyncio.create_task(relay.run()), asyncio.create_task(relay.tend())]
        yield
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def test_a_relay_declares_the_streams_that_are_missing_and_refills_them(
    nats: NatsServer, postgres_database: str
) -> None:
    tables, reader = Tables(postgres_database), Reader()
    async with relaying(nats, postgres_database), reading(nats, reader):
        tables.commit("a")
        tables.commit("b")
        await reader.has_seen("a", "b")
        await lose_everything(nats)
        tables.commit("c")
        await reader.has_seen("a", "b", "a", "b", "c")


async def test_what_was_lost_while_nobody_ran_comes_again_at_the_next_start(
    nats: NatsServer, postgres_database: str
) -> None:
    tables, before, after = Tables(postgres_database), Reader(), Reader()
    async with relaying(nats, postgres_database), reading(nats, before):
        tables.commit("a")
        await before.has_seen("a")
    await lose_everything(nats)
    async with relaying(nats, postgres_database), reading(nats, after):
        await after.has_seen("a")


async def test_facts_of_more_than_a_day_ago_go_and_others_stay(nats: NatsServer, postgres_database: str) -> None:
    tables = Tables(postgres_database)
    for key, age in (("old", "25 hours"), ("young", "23 hours")):
        tables.commit(key)
        tables.run(AGE, age, key)
    tables.commit("waiting")
    assert tables.run("select prune_outbox()") == [(1,)]
    assert tables.run("select key from outbox order by outbox_id") == [("young",), ("waiting",)]
