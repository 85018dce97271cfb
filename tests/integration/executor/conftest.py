import dataclasses
import json
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
from shared.domain.money import Price, Shares
from shared.domain.order import Side
from shared.runtime.clock import RealClock, ScaledClock
from shared.runtime.settings import load_settings
from shared.venue.answers import Accepted
from shared.venue.clob import ClobClient
from shared.venue.http import HttpClient
from shared.venue.metadata import MetadataClient
from shared.venue.order_terms import OrderTerms
from shared.venue.trading import OrderSigner, new_salt
from tests.integration.executor.trading_floor import Floor
from tests.venue_sim.process import Address, simulator

SLOT_START = 1_800_000_000
SPEED = 10
HURRIED = 60
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
    desk = await open_desk(servers, postgres_database, venue, tmp_path)
    yield desk
    await desk.floor.close()


async def open_desk(
    servers: Servers,
    postgres_database: str,
    venue: Address,
    tmp_path: Path,
    slot_start: int = SLOT_START,
    into_slot_seconds: int = 120,
) -> LiveDesk:
    """With a key and credentials of its own in `tmp_path`; domain time begins so far into the slot."""
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
    origin = ClockOrigin(started, datetime.fromtimestamp(slot_start + into_slot_seconds, UTC), SPEED)
    set_origin(postgres_database, RUN, origin)
    await start_domain_time(venue, origin)
    floor = await Floor.opened(settings, f"sim:live:{wallet.address.lower()}", ScaledClock(origin))
    market = await listed_market(settings.gamma_url, settings.clob_url, slot_start)
    await floor.list_market(market)
    return LiveDesk(floor, market, venue)


DEPOSIT_WALLET = "0x" + "77" * 20


@pytest.fixture(params=["v1", "v2"])
def redeeming_venue(request: pytest.FixtureRequest) -> Iterator[Address]:
    """Winning tokens stay tokens until they are redeemed; the slot is over in a few seconds."""
    options = ("--seed", "7", "--coins", "btc", "--taker-hold-ms", "20", "--resolution-delay-s", "10")
    with simulator(*options, "--redemption", "on-request", "--protocol-version", request.param) as address:
        yield address


@dataclasses.dataclass(frozen=True, slots=True)
class WalletDesk(LiveDesk):
    """A deposit wallet, and its owner's signer and client for what the executor does not do."""

    signer: OrderSigner
    clob: ClobClient

    async def buy(self, outcome: int, shares: str) -> None:
        """At once and at any price, past the executor: it never holds both outcomes by itself."""
        terms = OrderTerms(
            self.market.outcomes[outcome].token, Side.BUY, Price.of("0.99"), Shares.of(shares), self.market.tick,
            self.market.version, self.market.neg_risk, post_only=False,
        )  # fmt: skip
        signed = self.signer.sign(terms, int(self.floor.clock.wall().timestamp() * 1000), new_salt())
        answer = await self.clob.post_order(signed.body)
        assert isinstance(answer, Accepted), answer


@pytest.fixture
async def wallet_desk(
    servers: Servers, postgres_database: str, redeeming_venue: Address, tmp_path: Path
) -> AsyncIterator[WalletDesk]:
    clock = RealClock()
    key, credentials, relayer_key = tmp_path / "key", tmp_path / "credentials.json", tmp_path / "relayer.json"
    make_key(key)
    owner = read_wallet(key)
    login = await log_in(owner, redeeming_venue.http, 137, clock)
    write_credentials(credentials, login)
    relayer_key.write_text(json.dumps({"key": login.api_key, "address": owner.address}))
    settings = load_settings(
        overrides={
            "mode": "live", "postgres_url": postgres_database, "nats_url": servers.nats_url,
            "redis_url": servers.redis_url, "sim_url": redeeming_venue.http, "private_key_file": str(key),
            "api_credentials_file": str(credentials), "wallet_address": owner.address, "funder": DEPOSIT_WALLET,
            "signature_type": 3, "relayer_key_file": str(relayer_key), "clock": "announced", "speed": HURRIED,
            "run_id": RUN, "journal": str(tmp_path / "journals"),
        },
        environ={},
    )  # fmt: skip
    origin = ClockOrigin(clock.wall(), datetime.fromtimestamp(SLOT_START + 300, UTC), HURRIED)
    set_origin(postgres_database, RUN, origin)
    await start_domain_time(redeeming_venue, origin)
    floor = await Floor.opened(settings, f"sim:live:{DEPOSIT_WALLET}", ScaledClock(origin))
    market = await listed_market(settings.gamma_url, settings.clob_url)
    await floor.list_market(market)
    signer = OrderSigner(key, 137, DEPOSIT_WALLET, 3, login.api_key)
    clob = ClobClient(HttpClient(settings.clob_url), login, clock, maker=DEPOSIT_WALLET, signature_type=3)
    yield WalletDesk(floor, market, redeeming_venue, signer, clob)
    await clob.close()
    await floor.close()


async def start_domain_time(venue: Address, origin: ClockOrigin) -> None:
    body = {
        "origin_wall_ms": int(origin.wall.timestamp() * 1000),
        "origin_domain_ms": int(origin.domain.timestamp() * 1000),
        "speed": origin.speed,
    }
    async with httpx.AsyncClient() as client:
        (await client.post(f"{venue.http}/sim/clock", json=body)).raise_for_status()


async def listed_market(gamma_url: str, clob_url: str, slot_start: int = SLOT_START) -> Market:
    metadata = MetadataClient(gamma_url, clob_url)
    try:
        market = await metadata.market_by_slug(f"btc-updown-15m-{slot_start}")
    finally:
        await metadata.close()
    assert market is not None
    return market
