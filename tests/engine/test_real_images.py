"""The tables and the streams on the images that the compose file names."""

import asyncio
import json
import time
from collections.abc import AsyncGenerator, Callable, Iterator
from contextlib import AsyncExitStack, ExitStack, asynccontextmanager, closing, suppress
from dataclasses import dataclass, field

import nats
import psycopg
import pytest

from cli.servers.errors import ServerError
from cli.servers.existing import check_nats, check_postgres
from cli.supervisor.stages import make_streams, make_tables
from shared.bus.facts import NatsFacts
from shared.bus.relay import Relay
from shared.bus.streams import load_topology
from shared.db.outbox import PostgresOutbox
from shared.db.pool import new_pool
from shared.messages.envelope import Envelope
from tests.engine.stack import ROOT
from tests.integration.db.desk import Desk

pytestmark = [pytest.mark.engine, pytest.mark.timeout(180)]

START_BOUND_SECONDS = 60
FACT_BOUND_SECONDS = 15
PASSWORD = "of-this-test-alone"


@dataclass(frozen=True, slots=True)
class Images:
    """Addresses of the two servers, empty."""

    postgres_url: str
    nats_url: str


@pytest.fixture(scope="module")
def images(engine: dict[str, str]) -> Iterator[Images]:
    with ExitStack() as stack:
        environment = stack.enter_context(pytest.MonkeyPatch.context())
        environment.setenv("TESTCONTAINERS_RYUK_DISABLED", "true")
        environment.setenv("TESTCONTAINERS_CONNECTION_MODE", "docker_host")
        environment.setenv("TC_HOST", "127.0.0.1")
        if "DOCKER_HOST" in engine:
            environment.setenv("DOCKER_HOST", engine["DOCKER_HOST"])
        from testcontainers.core.container import DockerContainer  # reads the environment when it is imported

        postgres = DockerContainer(named_in_compose("postgres")).with_exposed_ports(5432)
        postgres.with_env("POSTGRES_USER", "tdmaker").with_env("POSTGRES_PASSWORD", PASSWORD)
        bus = DockerContainer(named_in_compose("nats")).with_exposed_ports(4222).with_command("--jetstream")
        stack.enter_context(postgres)
        stack.enter_context(bus)
        found = Images(
            f"postgresql://tdmaker:{PASSWORD}@127.0.0.1:{postgres.get_exposed_port(5432)}/tdmaker",
            f"nats://127.0.0.1:{bus.get_exposed_port(4222)}",
        )
        until_answering(lambda: asyncio.run(check_postgres(found.postgres_url)))
        until_answering(lambda: asyncio.run(check_nats(found.nats_url)))
        yield found


@dataclass(slots=True)
class ForgetfulReader:
    """Fails on the first delivery of a fact and takes the second."""

    deliveries: list[str] = field(default_factory=list[str])
    taken: list[Envelope] = field(default_factory=list[Envelope])
    has_taken: asyncio.Event = field(default_factory=asyncio.Event)

    async def handle(self, envelope: Envelope) -> None:
        self.deliveries.append(envelope.message_id)
        if self.deliveries.count(envelope.message_id) == 1:
            raise RuntimeError("busy")
        self.taken.append(envelope)
        self.has_taken.set()


async def test_a_fill_is_booked_once_and_its_reader_hears_of_it_again_after_failing(images: Images) -> None:
    assert "0001_tables.sql" in await make_tables(images.postgres_url)
    assert await make_tables(images.postgres_url) == []
    await make_streams(images.nats_url)
    with closing(Desk.opened(images.postgres_url)) as desk:
        order = desk.placed(price="0.80", shares="20")
        for _ in range(2):
            desk.fill(order, trade="t1", price="0.80", shares="20")
        assert desk.status(order) == "filled"
        assert desk.exposure() == 16
        assert desk.differences() == []
        booked = [*desk.facts("fills.fill_booked.v1"), *desk.facts("fills.position_changed.v1")]

    reader = ForgetfulReader()
    async with reading(images, reader), relaying(images):
        async with asyncio.timeout(FACT_BOUND_SECONDS):
            await reader.has_taken.wait()
    first = reader.taken[0]
    assert reader.deliveries.count(first.message_id) == 2
    assert json.loads(bytes(first.body)) in booked


def named_in_compose(server: str) -> str:
    """The image that the compose file runs, so that both cannot differ."""
    block = (ROOT / "docker-compose.yml").read_text().split(f"\n  {server}:\n")[1]
    return block.split("    image: ")[1].split("\n")[0]


def until_answering(ask: Callable[[], None]) -> None:
    end_seconds = time.monotonic() + START_BOUND_SECONDS
    while time.monotonic() < end_seconds:
        with suppress(ServerError, psycopg.Error):
            ask()
            return
        time.sleep(0.2)
    ask()


@asynccontextmanager
async def reading(images: Images, reader: ForgetfulReader) -> AsyncGenerator[None]:
    facts = NatsFacts(images.nats_url, "settlement", load_topology())
    facts.subscribe("fills", reader.handle)
    await facts.start()
    try:
        yield
    finally:
        await facts.stop()


@asynccontextmanager
async def relaying(images: Images) -> AsyncGenerator[None]:
    async with AsyncExitStack() as stack:
        client = await nats.connect(images.nats_url)
        stack.push_async_callback(client.close)
        pool = await stack.enter_async_context(new_pool(images.postgres_url, "fills"))
        task = asyncio.create_task(Relay(PostgresOutbox(pool), client.jetstream(), load_topology()).run())
        try:
            yield
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
