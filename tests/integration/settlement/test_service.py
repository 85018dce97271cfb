"""Settlement as it runs, against a simulated venue: from the end of a market to its booked payout."""

from __future__ import annotations

import asyncio
import os
import sys
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import httpx
import pytest
from nats.js import JetStreamContext

from cli.servers import Servers
from services.settlement.bootstrap import start
from shared.db.clock import set_origin
from shared.domain.clock import ClockOrigin
from shared.domain.ids import Coin
from shared.domain.market import Market
from shared.fault_points import CRASHED
from shared.messages.envelope import decode, open_envelope
from shared.messages.settlement import PositionSettled
from shared.venue.gamma import slug_of
from shared.venue.metadata import MetadataClient
from tests.integration.settlement.account import TradingAccount
from tests.integration.settlement.running import running
from tests.venue_sim.process import Address, simulator

pytestmark = [pytest.mark.servers, pytest.mark.usefixtures("logging_as_before")]
SPEED = 300.0
SLOT_SECONDS = 900
DIED_SECONDS = 30
WHILE_SETTLING = ("market_settled", "fact_published", "delivery_handled")
MISNAMED_MS = 1_200_000
"""Domain time: some seconds of the test's."""
ROOT = Path(__file__).parents[3]


async def now_trading(venue: Address, at_seconds: int) -> Market:
    """The market of the slot that holds this second of domain time."""
    client = MetadataClient(f"{venue.http}/gamma", venue.http)
    start_of_slot = datetime.fromtimestamp(at_seconds - at_seconds % SLOT_SECONDS, UTC)
    market = await client.market_by_slug(slug_of(Coin("btc"), 15, start_of_slot))
    await client.close()
    assert market is not None
    return market


async def start_of_time(venue: Address) -> ClockOrigin:
    """Domain time begins; this is its origin."""
    wall = datetime.now(UTC)  # noqa: TID251 the origin is the test's to set
    origin = ClockOrigin(wall=wall, domain=wall, speed=SPEED)
    at_ms = int(wall.timestamp() * 1000)
    body = {"origin_wall_ms": at_ms, "origin_domain_ms": at_ms, "speed": SPEED}
    async with httpx.AsyncClient() as client:
        (await client.post(f"{venue.http}/sim/clock", json=body)).raise_for_status()
    return origin


async def winner_at(venue: Address, market: Market) -> str:
    """What the venue's own ledger says."""
    async with httpx.AsyncClient() as client:
        markets: list[dict[str, Any]] = (await client.get(f"{venue.http}/sim/referee")).json()["markets"]
    return next(str(each["winning_asset_id"]) for each in markets if each["condition_id"] == market.market)


async def died_at(point: str, settings: dict[str, Any]) -> None:
    """Settlement as a process of its own, until it dies there."""
    environment = {f"TDMAKER_{name.upper()}": str(value) for name, value in settings.items()} | {"FAULT_POINT": point}
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "services.settlement", cwd=ROOT, env={**os.environ, **environment}
    )
    try:
        async with asyncio.timeout(DIED_SECONDS):
            assert await process.wait() == CRASHED
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()


@pytest.mark.parametrize("point", WHILE_SETTLING)
async def test_a_settlement_that_dies_while_it_books_has_told_and_booked_once(
    trading: TradingAccount, postgres_database: str, servers: Servers, jetstream: JetStreamContext, point: str
) -> None:
    heard = await jetstream.subscribe("pm.v1.settlement.position_settled.*", stream="settlements")
    with simulator("--seed", "3", "--coins", "btc", "--resolution-delay-s", "30") as venue:
        origin = await start_of_time(venue)
        market = await now_trading(venue, int(origin.domain.timestamp()))
        up = next(outcome.token for outcome in market.outcomes if outcome.name == "Up")
        trading.take_market(market)
        trading.bought(market=market.market, token=up)
        trading.sweep(market.end)
        options: dict[str, Any] = {"sim_url": venue.http, "clock": "announced", "speed": SPEED, "run_id": "settling"}
        set_origin(postgres_database, "settling", origin)
        urls = {"postgres_url": postgres_database, "nats_url": servers.nats_url, "redis_url": servers.redis_url}
        await died_at(point, {**options, **urls})
        async with running("settlement", start, servers, postgres_database, **options):
            told = open_envelope(PositionSettled, decode((await heard.next_msg(timeout=30)).data))
        won = await winner_at(venue, market) == up
    assert (told.kind, told.payout) == ("venue", Decimal(won))
    assert trading.one("select settled_profit, ledger_profit from account_audit") == ((2, 2) if won else (-8, -8))
    assert trading.one("select count(*) from settlement") == (1,)


async def test_a_position_is_paid_as_the_venue_resolves_its_market(
    trading: TradingAccount, postgres_database: str, servers: Servers, jetstream: JetStreamContext
) -> None:
    heard = await jetstream.subscribe("pm.v1.settlement.position_settled.*", stream="settlements")
    with simulator("--seed", "3", "--coins", "btc", "--resolution-delay-s", "30") as venue:
        origin = await start_of_time(venue)
        market = await now_trading(venue, int(origin.domain.timestamp()))
        up = next(outcome.token for outcome in market.outcomes if outcome.name == "Up")
        trading.take_market(market)
        trading.bought(market=market.market, token=up)
        trading.sweep(market.end)
        options = {"sim_url": venue.http, "clock": "announced", "speed": SPEED, "run_id": "settling"}
        set_origin(postgres_database, "settling", origin)
        async with running("settlement", start, servers, postgres_database, **options):
            told = open_envelope(PositionSettled, decode((await heard.next_msg(timeout=20)).data))
        won = await winner_at(venue, market) == up
    assert (told.kind, told.token, told.payout) == ("venue", up, Decimal(won))
    assert trading.one("select settled_profit, ledger_profit from account_audit") == ((2, 2) if won else (-8, -8))
    assert trading.one("select settled, settled_kind::text from market_guard") == (True, "venue")


async def test_a_winner_that_only_the_order_book_names_is_corrected_when_both_sources_name_the_other(
    trading: TradingAccount, postgres_database: str, servers: Servers, jetstream: JetStreamContext
) -> None:
    heard = await jetstream.subscribe("pm.v1.settlement.position_settled.*", stream="settlements")
    faults = ("--faults", f"resolution_corrected:delay_ms={MISNAMED_MS}")
    with simulator("--seed", "3", "--coins", "btc", "--resolution-delay-s", "30", *faults) as venue:
        origin = await start_of_time(venue)
        market = await now_trading(venue, int(origin.domain.timestamp()))
        up = next(outcome.token for outcome in market.outcomes if outcome.name == "Up")
        trading.take_market(market)
        trading.bought(market=market.market, token=up)
        trading.sweep(market.end)
        options = {"sim_url": venue.http, "clock": "announced", "speed": SPEED, "run_id": "settling"}
        set_origin(postgres_database, "settling", origin)
        async with running("settlement", start, servers, postgres_database, **options):
            first, second = [
                open_envelope(PositionSettled, decode((await heard.next_msg(timeout=20)).data)) for _ in range(2)
            ]
            async with asyncio.timeout(20):
                while trading.one("select settled_kind::text from market_guard") != ("venue",):
                    await asyncio.sleep(0.02)
        won = await winner_at(venue, market) == up
    assert [(told.kind, told.payout, told.source) for told in (first, second)] == [
        ("provisional", Decimal(not won), "order_book"),
        ("adjust", Decimal(won), "both"),
    ]
    assert trading.one("select settled_profit, ledger_profit from account_audit") == ((2, 2) if won else (-8, -8))
    assert trading.one("select count(*) from operator_action where detail like 'a settlement was corrected%%'") == (1,)
