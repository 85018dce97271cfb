import dataclasses
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime
from pathlib import Path

import httpx
import pytest

from cli.servers import Servers
from cli.wallet import log_in, make_key, read_wallet, write_credentials
from shared.db.clock import set_origin
from shared.domain.clock import ClockOrigin
from shared.domain.market import Market
from shared.runtime.clock import RealClock
from shared.runtime.settings import load_settings
from shared.venue.metadata import MetadataClient
from tests.integration.executor.trading_floor import Floor
from tests.venue_sim.process import Address, simulator

SLOT_START = 1_800_000_000
SPEED = 10
RUN = "test"


@pytest.fixture
async def paper_floor(servers: Servers, postgres_database: str) -> AsyncIterator[Floor]:
    settings = load_settings(
        overrides={
            "postgres_url": postgres_database,
            "nats_url": servers.nats_url,
            "redis_url": servers.redis_url,
            "paper_fill_seconds": "1",
        },
        environ={},
    )
    floor = await Floor.opened(settings, "sim:paper:paper")
    yield floor
    await floor.close()


@dataclasses.dataclass(frozen=True, slots=True)
class LiveDesk:
    """A live account at a simulator of its own, in the middle of a slot."""

    floor: Floor
    market: Market
    venue: Address


@pytest.fixture
def venue() -> Iterator[Address]:
    with simulator("--seed", "7", "--coins", "btc", "--taker-hold-ms", "20") as address:
        yield address


@pytest.fixture
async def live(servers: Servers, postgres_database: str, venue: Address, tmp_path: Path) -> AsyncIterator[LiveDesk]:
    clock = RealClock()
    key, credentials = tmp_path / "key", tmp_path / "credentials.json"
    make_key(key)
    wallet = read_wallet(key)
    write_credentials(credentials, await log_in(wallet, venue.http, 137, clock))
    settings = load_settings(
        overrides={
            "mode": "live",
            "postgres_url": postgres_database,
            "nats_url": servers.nats_url,
            "redis_url": servers.redis_url,
            "sim_url": venue.http,
            "private_key_file": str(key),
            "api_credentials_file": str(credentials),
            "wallet_address": wallet.address,
            "clock": "announced",
            "speed": SPEED,
            "run_id": RUN,
        },
        environ={},
    )
    started = clock.wall()
    origin = ClockOrigin(started, datetime.fromtimestamp(SLOT_START + 120, UTC), SPEED)
    set_origin(postgres_database, RUN, origin)
    await start_domain_time(venue, origin)
    floor = await Floor.opened(settings, f"sim:live:{wallet.address.lower()}")
    market = await listed_market(settings.gamma_url, settings.clob_url)
    await floor.list_market(market)
    yield LiveDesk(floor, market, venue)
    await floor.close()


async def start_domain_time(venue: Address, origin: ClockOrigin) -> None:
    body = {
        "origin_wall_ms": int(origin.wall.timestamp() * 1000),
        "origin_domain_ms": int(origin.domain.timestamp() * 1000),
        "speed": origin.speed,
    }
    async with httpx.AsyncClient() as client:
        (await client.post(f"{venue.http}/sim/clock", json=body)).raise_for_status()


async def listed_market(gamma_url: str, clob_url: str) -> Market:
    metadata = MetadataClient(gamma_url, clob_url)
    try:
        market = await metadata.market_by_slug(f"btc-updown-15m-{SLOT_START}")
    finally:
        await metadata.close()
    assert market is not None
    return market
