"""A kill while the executor does nothing: risk empties the venue with credentials that cannot place."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

import psycopg
import pytest
from nats.js import JetStreamContext

from cli.servers import Servers
from services.risk.bootstrap import start
from shared.domain.ids import Coin
from shared.domain.market import Market
from shared.domain.money import Price, Shares
from shared.domain.order import Side
from shared.runtime.clock import RealClock
from shared.venue.answers import Accepted
from shared.venue.auth import Credentials
from shared.venue.clob import ClobClient
from shared.venue.gamma import slug_of
from shared.venue.http import HttpClient
from shared.venue.login import obtain_credentials
from shared.venue.metadata import MetadataClient
from shared.venue.order_terms import OrderTerms
from shared.venue.trading import EOA, POLYGON, OrderSigner, new_salt
from tests.integration.settlement.running import running, until
from tests.venue_sim.process import simulator

pytestmark = [pytest.mark.servers, pytest.mark.usefixtures("logging_as_before")]
CLOCK = RealClock()
SLOT_SECONDS = 900


async def listed_market(venue: str) -> Market:
    """The next slot's: it trades already and does not end during the test."""
    client = MetadataClient(f"{venue}/gamma", venue)
    now = int(CLOCK.now().timestamp())
    start_of_next = datetime.fromtimestamp(now - now % SLOT_SECONDS + SLOT_SECONDS, UTC)
    market = await client.market_by_slug(slug_of(Coin("btc"), 15, start_of_next))
    await client.close()
    assert market is not None
    return market


@pytest.fixture
def key_file(tmp_path: Path) -> Path:
    path = tmp_path / "key"
    path.write_text("0x" + "7" * 64)
    return path


async def logged_in(http: HttpClient, key_file: Path) -> tuple[OrderSigner, Credentials]:
    stranger = OrderSigner(key_file, POLYGON, "", EOA, "")
    credentials = await obtain_credentials(http, stranger.login_headers(int(CLOCK.wall().timestamp())))
    return OrderSigner(key_file, POLYGON, "", EOA, credentials.api_key), credentials


def credentials_file(folder: Path, credentials: Credentials) -> Path:
    path = folder / "l2.json"
    fields = {
        "address": credentials.address,
        "apiKey": credentials.api_key,
        "secret": credentials.secret,
        "passphrase": credentials.passphrase,
    }
    path.write_text(json.dumps(fields))
    return path


def bid(market: Market, price: str) -> OrderTerms:
    return OrderTerms(
        token=market.outcomes[0].token,
        side=Side.BUY,
        price=Price.of(price),
        shares=Shares.of(5),
        tick=market.tick,
        version=market.version,
        neg_risk=market.neg_risk,
    )


async def test_orders_still_open_after_a_kill_are_cancelled_by_risk(
    postgres_database: str, servers: Servers, jetstream: JetStreamContext, tmp_path: Path, key_file: Path
) -> None:
    with (
        simulator("--seed", "1", "--coins", "btc", "--clock-now") as venue,
        psycopg.connect(postgres_database, autocommit=True) as connection,
    ):
        http = HttpClient(venue.http)
        signer, credentials = await logged_in(http, key_file)
        client = ClobClient(http, credentials, CLOCK)
        market = await listed_market(venue.http)
        for price in ("0.02", "0.03"):
            signed = signer.sign(bid(market, price), int(CLOCK.wall().timestamp() * 1000), new_salt())
            assert isinstance(await client.post_order(signed.body), Accepted)
        account = f"sim:live:{signer.address.lower()}"
        connection.execute("select open_account(%s, 'sim', 'live', %s, 100)", (account, signer.address.lower()))
        options = {
            "mode": "live",
            "wallet_address": signer.address,
            "api_credentials_file": credentials_file(tmp_path, credentials),
            "sim_url": venue.http,
        }
        async with running("risk", start, servers, postgres_database, **options) as context:
            assert len((await client.open_orders()).items) == 2
            connection.execute("select halt(%s, 'operator', 'test')", (account,))

            async def venue_is_empty() -> bool:
                return not (await client.open_orders()).items

            await until(venue_is_empty)
            assert b"tdmaker_kill_second_line_total 1.0" in context.metrics.exposition()
        await client.close()
