"""Discovery as a process, against the simulator as another, on real servers."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
from collections.abc import AsyncGenerator, AsyncIterator, Generator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import nats
import psycopg
import pytest
from nats.aio.client import Client
from nats.aio.msg import Msg
from redis.asyncio import Redis

from cli.servers import Servers
from shared.bus.levels import latest_key
from shared.bus.streams import load_topology, provision
from shared.db.clock import set_origin
from shared.domain.clock import ClockOrigin
from shared.messages.discovery import MarketListed, ReferencePrice, StrikeCaptured, TopChanged
from shared.messages.envelope import decode, decode_body, open_envelope
from shared.venue.http import HttpClient
from shared.venue.login import obtain_credentials
from shared.venue.trading import OrderSigner
from tests.integration.discovery.processes import Service, service
from tests.venue_sim.process import Address, set_clock, simulator

pytestmark = pytest.mark.servers
SPEED = 10.0
BOUND_SECONDS = 30


@pytest.fixture
def venue() -> Generator[Address]:
    with simulator("--seed", "7", "--coins", "btc") as address:
        yield address


@pytest.fixture
async def bus(servers: Servers) -> AsyncIterator[Client]:
    client = await nats.connect(servers.nats_url)
    jetstream = client.jetstream()
    for stream in await jetstream.streams_info():
        await jetstream.delete_stream(str(stream.config.name))
    await provision(jetstream, load_topology())
    yield client
    await client.close()


@pytest.fixture
async def credentials(venue: Address, tmp_path: Path) -> Path:
    """L2 credentials of a key that is worth nothing anywhere."""
    key, path = tmp_path / "key", tmp_path / "credentials.json"
    key.write_text("0x" + "11" * 32)
    key.chmod(0o600)
    http = HttpClient(venue.http)
    headers = OrderSigner(key, 137, "", 0, "").login_headers(int(datetime.now(UTC).timestamp()))  # noqa: TID251
    made = await obtain_credentials(http, headers)
    await http.close()
    keys = {"address": made.address, "apiKey": made.api_key, "secret": made.secret, "passphrase": made.passphrase}
    path.write_text(json.dumps(keys))
    return path


@dataclass
class Heard:
    """The newest of each subject; waits until there is what is asked for."""

    messages: dict[str, bytes] = field(default_factory=dict[str, bytes])
    changed: asyncio.Event = field(default_factory=asyncio.Event)

    async def take(self, message: Msg) -> None:
        self.messages[message.subject] = message.data
        self.changed.set()

    async def until(self, subject: str, count: int) -> list[bytes]:
        async with asyncio.timeout(BOUND_SECONDS):
            while len(found := [data for each, data in self.messages.items() if each.startswith(subject)]) < count:
                self.changed.clear()
                await self.changed.wait()
        return found

    async def tops(self, *, known: bool, count: int) -> list[TopChanged]:
        async with asyncio.timeout(BOUND_SECONDS):
            while True:
                tops = [decode_body(TopChanged, data) for data in await self.until(TopChanged.SUBJECT, 1)]
                if len(found := [top for top in tops if top.known is known]) >= count:
                    return found
                self.changed.clear()
                await self.changed.wait()


@asynccontextmanager
async def discovery(servers: Servers, database: str, venue: Address, **more: str) -> AsyncGenerator[Service]:
    with psycopg.connect(database, autocommit=True) as connection:
        connection.execute("select open_account('sim:paper:paper', 'sim', 'paper', 'paper', 100)")
    addresses = {
        "TDMAKER_POSTGRES_URL": database,
        "TDMAKER_NATS_URL": servers.nats_url,
        "TDMAKER_REDIS_URL": servers.redis_url,
        "TDMAKER_SIM_URL": venue.http,
        "TDMAKER_SPEED": str(SPEED),
        "TDMAKER_SYMBOLS": "BTCUSDT",
    }
    async with service("discovery", **addresses | more) as running:
        await running.says("service_started")
        yield running


async def hear(bus: Client) -> Heard:
    heard = Heard()
    await bus.subscribe("pm.v1.discovery.>", cb=heard.take)
    await bus.flush()
    return heard


def let_time_run(database: str, venue: Address) -> datetime:
    """From half a minute before a slot's start, so that its strike can be caught exactly; that start."""
    now = datetime.now(UTC)  # noqa: TID251 - the origin of the test's own clock
    start_seconds = (int(now.timestamp()) // 900 + 1) * 900
    set_clock(venue, speed=SPEED, domain_s=start_seconds - 30)
    origin = datetime.fromtimestamp(start_seconds - 30, UTC)
    set_origin(database, "test", ClockOrigin(now, origin, SPEED))
    return datetime.fromtimestamp(start_seconds, UTC)


async def test_markets_tops_prices_and_the_strike_reach_the_bus_from_sockets_alone(
    servers: Servers, postgres_database: str, venue: Address, bus: Client, credentials: Path
) -> None:
    heard = await hear(bus)
    more = {"TDMAKER_API_CREDENTIALS_FILE": str(credentials)}
    async with discovery(servers, postgres_database, venue, **more) as running:
        assert await running.is_ready()
        start = let_time_run(postgres_database, venue)

        facts = [open_envelope(MarketListed, decode(each)) for each in await heard.until(MarketListed.SUBJECT, 2)]
        assert start in {fact.start for fact in facts}
        tops = await heard.tops(known=True, count=4)
        assert {top.market for top in tops} <= {fact.market for fact in facts}
        (price,) = await heard.until(ReferencePrice.SUBJECT, 1)
        assert decode_body(ReferencePrice, price).spot is not None

        strikes = [open_envelope(StrikeCaptured, decode(each)) for each in await heard.until(StrikeCaptured.SUBJECT, 2)]
        began = next(fact.market for fact in facts if fact.start == start)
        provenances = {strike.market: (strike.provenance, strike.tick_at) for strike in strikes}
        assert provenances.pop(began) == ("exact", start)
        assert [provenance for provenance, _ in provenances.values()] == ["metadata"]

        redis = Redis.from_url(servers.redis_url)
        remembered = await redis.hkeys(latest_key(TopChanged))  # pyright: ignore[reportGeneralTypeIssues, reportUnknownVariableType]
        await redis.aclose()
        assert {top.token.encode() for top in tops} <= set(remembered)  # pyright: ignore[reportUnknownArgumentType]


async def test_books_are_unknown_from_the_venues_silence_until_it_is_back(
    servers: Servers, postgres_database: str, venue: Address, bus: Client
) -> None:
    heard = await hear(bus)
    async with discovery(servers, postgres_database, venue) as running:
        let_time_run(postgres_database, venue)
        await heard.tops(known=True, count=4)
        os.kill(venue.pid, signal.SIGTERM)
        await heard.tops(known=False, count=4)
        assert await running.metric("tdmaker_market_socket_connected") == 0


async def test_a_redis_that_is_away_costs_nothing_but_its_count(
    servers: Servers, postgres_database: str, venue: Address, bus: Client
) -> None:
    heard = await hear(bus)
    nowhere = {"TDMAKER_REDIS_URL": "redis://127.0.0.1:9/0"}
    async with discovery(servers, postgres_database, venue, **nowhere) as running:
        let_time_run(postgres_database, venue)
        await heard.tops(known=True, count=4)
        assert await running.metric("tdmaker_redis_failures_total") >= 1


async def test_credentials_that_cannot_be_read_stop_it_with_the_file_named(
    servers: Servers, postgres_database: str, venue: Address, tmp_path: Path
) -> None:
    with psycopg.connect(postgres_database, autocommit=True) as connection:
        connection.execute("select open_account('sim:paper:paper', 'sim', 'paper', 'paper', 100)")
    missing = tmp_path / "none.json"
    environment = {
        "TDMAKER_POSTGRES_URL": postgres_database,
        "TDMAKER_NATS_URL": servers.nats_url,
        "TDMAKER_REDIS_URL": servers.redis_url,
        "TDMAKER_SIM_URL": venue.http,
        "TDMAKER_API_CREDENTIALS_FILE": str(missing),
    }
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "services.discovery"),
        env={"PATH": os.environ["PATH"]} | environment,
        stdout=asyncio.subprocess.PIPE,
    )
    told, _ = await process.communicate()
    assert process.returncode == 2
    assert str(missing) in json.loads(told.splitlines()[-1])["reason"]


async def test_it_stops_within_its_bound_though_the_venue_answers_nothing(
    servers: Servers, postgres_database: str, venue: Address, bus: Client, credentials: Path
) -> None:
    heard = await hear(bus)
    more = {"TDMAKER_API_CREDENTIALS_FILE": str(credentials)}
    async with discovery(servers, postgres_database, venue, **more):
        let_time_run(postgres_database, venue)
        await heard.tops(known=True, count=4)
        os.kill(venue.pid, signal.SIGSTOP)
    os.kill(venue.pid, signal.SIGCONT)
