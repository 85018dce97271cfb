"""Puts discovery together."""

from __future__ import annotations

import asyncio
import contextlib
import os
from collections.abc import Awaitable, Callable

import nats
from nats.aio.client import Client
from redis.asyncio import Redis

from services.discovery.adapters.books import BookKeeper
from services.discovery.adapters.levels import LevelPublisher
from services.discovery.adapters.postgres import PostgresRecord
from services.discovery.adapters.prices import PriceKeeper
from services.discovery.adapters.streams import VenueStreams
from services.discovery.adapters.venue import VenueListings
from services.discovery.adapters.watch import BookWatch
from services.discovery.handlers import Discovery
from shared.bus.relay import Relay
from shared.db.account import account_id, read_account
from shared.db.clock import read_origin
from shared.db.lease import beat
from shared.db.outbox import PostgresOutbox
from shared.db.pool import Pool, call, new_pool
from shared.db.records import read_markets
from shared.domain.ids import AccountId, Coin
from shared.runtime.clock import sleep_domain
from shared.runtime.service import ServiceContext
from shared.runtime.wallet import wallet_name
from shared.venue.auth import Credentials
from shared.venue.errors import VenueFrameError
from shared.venue.market_socket import MarketSocket
from shared.venue.metadata import MetadataClient
from shared.venue.price_socket import PriceSocket

BEAT_SECONDS = 1.0
STRIKE_LOOK_SECONDS = 0.5
VENUE_FEEDS = frozenset({"polybolt", "sim"})


async def start(context: ServiceContext) -> None:
    settings, clock = context.settings, context.clock
    pool = new_pool(settings.postgres_url, "discovery")
    await pool.open()
    context.resources.push_async_callback(pool.close)
    await context.wait_for("postgres", lambda: call(pool, "select 1", ()))
    context.follow_clock(lambda: read_origin(pool, settings.run_id))
    client = await context.wait_for("nats", lambda: _connected(settings.nats_url))
    context.resources.push_async_callback(client.close)
    account = account_id(settings.venue, settings.mode, wallet_name(settings))
    await context.wait_for("account", lambda: _opened(pool, account))

    relay = Relay(PostgresOutbox(pool), client.jetstream())
    record = PostgresRecord(pool, settings.venue, clock, relay.kick)
    metadata = MetadataClient(settings.gamma_url, settings.clob_url)
    context.resources.push_async_callback(metadata.close)
    redis = Redis.from_url(settings.redis_url)
    context.resources.push_async_callback(redis.aclose)
    publisher = LevelPublisher(
        client, redis, context.metrics.counter("redis_failures_total", "Levels that Redis did not take")
    )

    look = asyncio.Event()
    malformed = _Malformed(context, record)
    streams = VenueStreams()
    refused = context.metrics.counter("listings_refused_total", "Listed markets that we cannot trade")
    discovery = Discovery(
        clock,
        tuple(Coin(symbol) for symbol in settings.symbols),
        settings.slot_duration,
        VenueListings(metadata, record, refused),
        record,
        streams,
    )
    books = BookKeeper(clock, discovery.watchlist, publisher, malformed.on("clob.market"), look.set)
    market_socket = MarketSocket(settings.market_ws_url, books.take)
    streams.attach(market_socket, books)
    discovery.watch(
        [market for market in await read_markets(pool, account, clock.now()) if not market.has_ended(clock.now())]
    )

    context.background("relay", relay.run())
    context.background("park", malformed.keep())
    context.background("tops", publisher.publish_tops())
    context.background("prices", publisher.publish_prices())
    context.background("redis", publisher.keep_warm())
    context.background("market_socket", market_socket.run())
    context.background("beat", _beat(pool, account))
    watch = BookWatch(context, discovery.watchlist, books, metadata, market_socket)
    context.background("book_watch", _once_started(context, watch.run))
    context.background("markets", _once_started(context, lambda: _look_for_markets(context, discovery, look)))
    context.background("strikes", _once_started(context, lambda: _capture_strikes(context, discovery)))
    _hear_prices(context, publisher, discovery, malformed)


def _hear_prices(
    context: ServiceContext, publisher: LevelPublisher, discovery: Discovery, malformed: _Malformed
) -> None:
    settings = context.settings
    if settings.price_source not in VENUE_FEEDS or settings.api_credentials_file is None:
        context.log.warning(
            "no_reference_price",
            reason="the venue's price stream wants api_credentials_file; without it no strike is known",
        )
        return
    keeper = PriceKeeper(publisher.price, discovery.hear_average, malformed.on("price"))
    socket = PriceSocket(settings.price_ws_url, Credentials.load(settings.api_credentials_file), keeper.take)
    socket.subscribe(Coin(symbol) for symbol in settings.symbols)
    context.background("price_socket", socket.run())


async def _look_for_markets(context: ServiceContext, discovery: Discovery, look: asyncio.Event) -> None:
    """At every interval, and soon after the venue says that a market changed or a slot has begun."""
    interval = context.settings.discovery_interval
    while True:
        await discovery.look_for_markets()
        pause_seconds = min(interval, _to_next_slot_seconds(context)) / context.clock.speed
        try:
            async with asyncio.timeout(max(pause_seconds, 0.2)):
                await look.wait()
        except TimeoutError:
            pass
        look.clear()


def _to_next_slot_seconds(context: ServiceContext) -> float:
    """Domain seconds until just after the next five-minute boundary, where a next slot becomes known."""
    return 300 - context.clock.now().timestamp() % 300 + 1


async def _capture_strikes(context: ServiceContext, discovery: Discovery) -> None:
    while True:
        await discovery.capture_strikes()
        await sleep_domain(context.clock, STRIKE_LOOK_SECONDS)


async def _once_started(context: ServiceContext, work: Callable[[], Awaitable[None]]) -> None:
    await context.clock_started.wait()
    await work()


async def _beat(pool: Pool, account: AccountId) -> None:
    instance = f"{os.uname().nodename}/{os.getpid()}"
    while True:
        await beat(pool, account, "discovery", instance)
        await asyncio.sleep(BEAT_SECONDS)


async def _connected(nats_url: str) -> Client:
    return await nats.connect(nats_url, name="tdmaker-discovery", max_reconnect_attempts=-1)


async def _opened(pool: Pool, account: AccountId) -> None:
    if await read_account(pool, account) is None:
        raise LookupError(f"the executor has not opened account {account} yet")


class _Malformed:
    """What the venue sent and we cannot read: counted at once, kept off the hot path, bounded, never booked."""

    def __init__(self, context: ServiceContext, record: PostgresRecord) -> None:
        self._record = record
        self._count = context.metrics.counter("frames_refused_total", "Frames that could not be read", ("source",))
        self._waiting: asyncio.Queue[tuple[str, VenueFrameError]] = asyncio.Queue(maxsize=1000)

    def on(self, source: str) -> Callable[[VenueFrameError], None]:
        def take(error: VenueFrameError) -> None:
            self._count.labels(source).inc()
            with contextlib.suppress(asyncio.QueueFull):
                self._waiting.put_nowait((source, error))

        return take

    async def keep(self) -> None:
        while True:
            source, error = await self._waiting.get()
            await self._record.park(source, error.field[:200], str(error))
