"""An account on a real Postgres, streams on a real JetStream, a process-wide log that outlives the services."""

import logging
from collections.abc import AsyncIterator, Iterator

import nats
import psycopg
import pytest
from nats.js import JetStreamContext

from cli.servers import Servers
from shared.bus.streams import load_topology, provision
from tests.integration.settlement.account import TradingAccount


@pytest.fixture
def trading(postgres_database: str) -> Iterator[TradingAccount]:
    with psycopg.connect(postgres_database, autocommit=True) as connection:
        yield TradingAccount(connection).open()


@pytest.fixture
async def jetstream(servers: Servers) -> AsyncIterator[JetStreamContext]:
    client = await nats.connect(servers.nats_url)
    context = client.jetstream()
    for stream in await context.streams_info():
        await context.delete_stream(str(stream.config.name))
    await provision(context, load_topology())
    yield context
    await client.close()


@pytest.fixture
def logging_as_before() -> Iterator[None]:
    root = logging.getLogger()
    handlers, level = list(root.handlers), root.level
    yield
    root.handlers[:] = handlers
    root.setLevel(level)
