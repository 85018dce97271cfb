"""The bidder as a process on real servers: from a top on the bus to an intent in the stream."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import nats
import psycopg
import pytest
from nats.aio.client import Client

from cli.servers import Servers
from services.bidder.adapters.postgres import EPISODES_A_MARKET_MAX, PostgresDecisions
from services.bidder.domain.decisions import Episode, Inputs, Look
from services.bidder.domain.filters import ENTRY_BY_RULES
from shared.bus.levels import publish_level
from shared.bus.streams import load_topology, provision
from shared.db.clock import set_origin
from shared.db.pool import new_pool
from shared.domain.clock import ClockOrigin
from shared.domain.ids import AccountId, MarketId, TokenId
from shared.domain.money import Price, Shares
from shared.messages.bidder import CancelEntry, PlaceEntry
from shared.messages.discovery import BookLevel, TopChanged
from shared.messages.envelope import M, decode, open_envelope
from tests.integration.discovery.processes import Service, service
from tests.integration.settlement.account import ACCOUNT, START, UP, TradingAccount

pytestmark = pytest.mark.servers
MARKET = MarketId("0xm1")
BOUND_SECONDS = 15


@pytest.fixture
def trading(postgres_database: str) -> Iterator[TradingAccount]:
    with psycopg.connect(postgres_database, autocommit=True) as connection:
        account = TradingAccount(connection).open()
        connection.execute("update account set wallet_size = 200")
        account.list_market()
        yield account


@pytest.fixture
async def bus(servers: Servers) -> AsyncIterator[Client]:
    client = await nats.connect(servers.nats_url)
    jetstream = client.jetstream()
    for stream in await jetstream.streams_info():
        await jetstream.delete_stream(str(stream.config.name))
    await provision(jetstream, load_topology())
    yield client
    await client.close()


@asynccontextmanager
async def bidder(servers: Servers, database: str) -> AsyncGenerator[Service]:
    """Running five minutes into the slot."""
    now = datetime.now(UTC)  # noqa: TID251 - the origin of the test's own clock
    set_origin(database, "test", ClockOrigin(now, START + timedelta(minutes=5), 1.0))
    addresses = {
        "TDMAKER_POSTGRES_URL": database,
        "TDMAKER_NATS_URL": servers.nats_url,
        "TDMAKER_REDIS_URL": servers.redis_url,
    }
    async with service("bidder", **addresses) as running:
        await running.says("service_started")
        yield running


def top(bid: str) -> TopChanged:
    level = BookLevel(price=Price.of(bid), shares=Shares.of(50))
    return TopChanged(
        market=MARKET,
        token=TokenId(UP),
        bids=(level,),
        asks=(),
        known=True,
        seen_at=START + timedelta(minutes=5),
        sequence=1,
    )


class Intents:
    """The stream of intents as the executor will read it."""

    def __init__(self, bus: Client) -> None:
        self._bus = bus

    async def listen(self) -> Intents:
        self._reader = await self._bus.jetstream().subscribe("pm.v1.bidder.>", stream="intents")
        return self

    async def next(self, kind: type[M]) -> M:
        message = await self._reader.next_msg(timeout=BOUND_SECONDS)
        return open_envelope(kind, decode(message.data))


async def say(bus: Client, bid: str) -> None:
    one = top(bid)
    await publish_level(bus, one, one.token)


async def until(trading: TradingAccount, statement: str) -> object:
    async with asyncio.timeout(BOUND_SECONDS):
        while (found := trading.call(statement)) is None:
            await asyncio.sleep(0.05)
    return found


async def test_a_top_in_the_range_becomes_an_intent_in_the_stream(
    servers: Servers, postgres_database: str, trading: TradingAccount, bus: Client
) -> None:
    intents = await Intents(bus).listen()
    async with bidder(servers, postgres_database) as running:
        assert await running.is_ready()
        await say(bus, "0.80")
        place = await intents.next(PlaceEntry)
        assert (place.account, place.market, place.outcome, place.rung, place.attempt) == (ACCOUNT, MARKET, "Up", 0, 0)
        assert (str(place.price), str(place.shares)) == ("0.80", "6.25")
        decided = "select repeats from decision where verdict = 'placed' and outcome = 'Up'"
        assert await until(trading, decided) == 1
        worded = "select count(*) from decision, jsonb_array_elements(first_look->'filters') where verdict = 'placed'"
        assert trading.call(worded) == len(ENTRY_BY_RULES)
        beat = "select 1 from liveness where service = 'bidder' and instance <> 'test'"
        assert await until(trading, beat) == 1


async def test_an_order_that_rests_is_taken_up_again_and_cancelled_when_the_bid_leaves(
    servers: Servers, postgres_database: str, trading: TradingAccount, bus: Client
) -> None:
    entry = f"crypto_td_maker/{MARKET}/Up/0/0"
    assert trading.reserve(entry) is None
    trading.event(entry, "accepted")
    intents = await Intents(bus).listen()
    async with bidder(servers, postgres_database):
        await say(bus, "0.84")
        await say(bus, "0.70")
        cancel = await intents.next(CancelEntry)
        assert (cancel.order_id, cancel.reason) == (entry, "BID_OUT_OF_RANGE")


async def test_a_rung_filled_before_the_restart_is_not_placed_again(
    servers: Servers, postgres_database: str, trading: TradingAccount, bus: Client
) -> None:
    trading.bought(f"crypto_td_maker/{MARKET}/Up/0/0")
    async with bidder(servers, postgres_database):
        await say(bus, "0.80")
        reason = "select repeats from decision where reason = 'LADDER_COMPLETE' and outcome = 'Up'"
        assert await until(trading, reason)
        assert trading.call("select count(*) from decision where verdict = 'placed'") == 0


async def test_it_waits_for_an_account_and_says_so(servers: Servers, postgres_database: str, bus: Client) -> None:
    addresses = {
        "TDMAKER_POSTGRES_URL": postgres_database,
        "TDMAKER_NATS_URL": servers.nats_url,
        "TDMAKER_REDIS_URL": servers.redis_url,
    }
    async with service("bidder", **addresses) as running:
        assert not await running.is_ready()
        with psycopg.connect(postgres_database) as connection:
            TradingAccount(connection).open()
            connection.execute("update account set wallet_size = 200")
        await running.says("service_started")
        assert await running.is_ready()


async def test_an_episode_that_goes_on_is_one_row_and_what_is_old_or_too_much_is_forgotten(
    postgres_database: str, trading: TradingAccount
) -> None:
    pool = new_pool(postgres_database, "bidder")
    await pool.open()
    decisions = PostgresDecisions(pool, AccountId(ACCOUNT))
    look = Look(Inputs(((TokenId(UP), 7),), None, None, None, None, None), (), None)
    episode = Episode(MARKET, "Up", "refused", "NO_BID", None, 2, START, START, look, look)
    later = replace(episode, last_at=START + timedelta(seconds=9), last=None)
    again = replace(episode, first_at=START + timedelta(seconds=20), last_at=START + timedelta(seconds=20))
    try:
        await decisions.write([episode])
        await decisions.write([later, again])
        assert trading.call("select repeats from decision where last_look is null") == 4
        assert trading.call(f"select count(*) from decision where first_look->'inputs'->'tops'->>'{UP}' = '7'") == 2
        await decisions.prune(START + timedelta(seconds=10))
        assert trading.call("select repeats from decision") == 2
        many = [replace(episode, first_at=START + timedelta(seconds=20 + each)) for each in range(1, 2500)]
        await decisions.write(many)
        await decisions.prune(START)
        assert trading.call("select count(*) from decision") == EPISODES_A_MARKET_MAX
    finally:
        await pool.close()
