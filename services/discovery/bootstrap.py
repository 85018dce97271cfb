"""Puts discovery together: one or two market sockets, one price socket, one catalogue reader."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable
from datetime import timedelta
from functools import partial

import psycopg
from psycopg_pool import PoolTimeout

from services.discovery.adapters import catalogue
from services.discovery.adapters.catalogue import GammaCatalogue
from services.discovery.adapters.levels import LatestTops, LevelPublisher
from services.discovery.adapters.postgres import ParkedFrames, PostgresListings
from services.discovery.adapters.report import OperatorReport
from services.discovery.domain.prices import PriceBoard
from services.discovery.domain.tops import TopBoard
from services.discovery.handlers import Discovery
from services.discovery.ports import Catalogue, Listings, Report, Streams
from services.discovery.subscribers import market, price
from services.discovery.subscribers.market import MarketFeed
from services.discovery.subscribers.price import PriceFeed
from services.discovery.subscribers.streams import MarketStreams
from services.discovery.subscribers.watchdog import Watchdog
from shared.bus.relay import Relay
from shared.bus.streams import load_topology
from shared.db.account import account_id, read_account
from shared.db.clock import read_origin
from shared.db.lease import beat
from shared.db.outbox import PostgresOutbox
from shared.db.pool import Pool, call
from shared.domain.clock import Clock
from shared.domain.ids import AccountId, Coin
from shared.outside import Network, Outside
from shared.runtime.clock import sleep_domain
from shared.runtime.scribe import Opened, scribe_of
from shared.runtime.service import ServiceContext
from shared.runtime.settings import Settings, SettingsError
from shared.runtime.wallet import wallet_name
from shared.venue.auth import Credentials, CredentialsError
from shared.venue.market_socket import MarketSocket
from shared.venue.metadata import MetadataClient
from shared.venue.price_socket import PriceSocket

MINUTES = {"15m": (15,), "5m": (5,), "both": (15, 5)}
OWN_PRICE_SOURCES = frozenset({"polybolt", "sim"})
ACCOUNT_POLL_SECONDS = 0.1
BEAT_SECONDS = 1.0
STRIKE_RETRY_SECONDS = 1.0
PARK_SECONDS = 1.0
FRAME_SOURCES = (market.SOURCE, price.SOURCE, catalogue.SOURCE)
DATABASE_AWAY = (psycopg.Error, PoolTimeout)


async def start(context: ServiceContext, outside: Outside | None = None) -> None:
    settings = context.settings
    outside = outside or Network(context.name, settings)
    pool = await _database(context, outside)
    account = account_id(settings.venue, settings.mode, wallet_name(settings))
    await context.wait_for("account", lambda: _opened(pool, account))
    client = await context.wait_for("nats", outside.nats)
    context.resources.push_async_callback(client.close)
    relay = Relay(PostgresOutbox(pool), client.jetstream(), load_topology())
    parked = ParkedFrames(pool, context.metrics, FRAME_SOURCES)
    tops, prices = TopBoard(), PriceBoard()
    latest = LatestTops(outside.redis(), context.metrics, context.log)
    context.resources.push_async_callback(latest.close)
    publisher = LevelPublisher(client, tops, prices, latest, context.clock, context.metrics)
    feed = MarketFeed(tops, context.clock, publisher.wake, parked.park, context.metrics, context.log)
    sockets = [
        MarketSocket(settings.market_ws_url, partial(feed.consume, connection=each), tap=feed.read, dial=outside.dial)
        for each in range(settings.market_sockets)
    ]
    streams = MarketStreams(sockets, feed, latest.forget)
    metadata = MetadataClient(settings.gamma_url, settings.clob_url, transport=outside.http_transport)
    context.resources.push_async_callback(metadata.close)
    scribe = scribe_of(context)
    scribe.begin(Opened.of(account, settings))
    made = discovery_of(
        settings,
        scribe.clock(context.clock),
        scribe.port("catalogue", GammaCatalogue(metadata, parked.park, context.clock, context.metrics, context.log)),
        scribe.port("listings", PostgresListings(pool, settings.venue, relay.kick, context.log)),
        scribe.port("streams", streams),
        scribe.port("board", tops),
        OperatorReport(context.metrics, context.log),
    )
    discovery = scribe.handler("discovery", made)
    averaged = asyncio.Event()
    context.background("relay", relay.run())
    context.background("streams", relay.tend())
    context.background("levels", publisher.run())
    context.background("latest tops", latest.run())
    context.background("market socket", streams.run())
    _hear_prices(context, outside, prices, discovery, publisher, averaged, parked)
    context.background("strikes", _capture(context, discovery, averaged))
    context.background("markets", _search(context, discovery))
    watchdog = Watchdog(
        tops,
        feed,
        streams,
        discovery,
        metadata.books,
        clock=context.clock,
        dead_after=timedelta(seconds=settings.cb_stale_exit),
        wake=publisher.wake,
        metrics=context.metrics,
        log=context.log,
    )
    context.background("watchdog", _once_time_runs(context, watchdog.run))
    context.background("sightings", _once_time_runs(context, watchdog.tell_sightings))
    context.background("parked frames", _every(context, PARK_SECONDS, parked.write))
    context.background("beat", _beat(context, pool, account, outside.fresh_id()))


def discovery_of(
    settings: Settings,
    clock: Clock,
    catalogue: Catalogue,
    listings: Listings,
    streams: Streams,
    board: TopBoard,
    report: Report,
) -> Discovery:
    return Discovery(
        [Coin(symbol) for symbol in settings.symbols],
        MINUTES[settings.slot_duration],
        settings.discovery_interval,
        clock=clock,
        catalogue=catalogue,
        listings=listings,
        streams=streams,
        board=board,
        report=report,
    )


async def _database(context: ServiceContext, outside: Outside) -> Pool:
    pool = outside.pool()
    await pool.open()
    context.resources.push_async_callback(pool.close)
    await context.wait_for("postgres", lambda: call(pool, "select count(*) from strike where false", ()))
    context.follow_clock(lambda: read_origin(pool, context.settings.run_id))
    return pool


async def _opened(pool: Pool, account: AccountId) -> None:
    """The executor opens the account."""
    while await read_account(pool, account) is None:
        await asyncio.sleep(ACCOUNT_POLL_SECONDS)


def _hear_prices(
    context: ServiceContext,
    outside: Outside,
    prices: PriceBoard,
    discovery: Discovery,
    publisher: LevelPublisher,
    averaged: asyncio.Event,
    parked: ParkedFrames,
) -> None:
    credentials = _price_credentials(context)
    if credentials is None:
        return
    feed = PriceFeed(
        prices,
        discovery,
        wake=publisher.wake,
        averaged=averaged.set,
        park=parked.park,
        metrics=context.metrics,
        log=context.log,
    )
    socket = PriceSocket(context.settings.price_ws_url, credentials, feed.consume, dial=outside.dial)
    socket.subscribe([Coin(symbol) for symbol in context.settings.symbols])
    context.background("price socket", socket.run())


def _price_credentials(context: ServiceContext) -> Credentials | None:
    """The venue's own stream wants a login; without one strikes come from the catalogue alone. Raises SettingsError."""
    settings: Settings = context.settings
    if settings.price_source not in OWN_PRICE_SOURCES or settings.api_credentials_file is None:
        context.log.warning("no_price_stream", price_source=settings.price_source, reason="no api_credentials_file")
        return None
    try:
        return Credentials.load(settings.api_credentials_file)
    except CredentialsError as error:
        raise SettingsError(f"api_credentials_file={settings.api_credentials_file}: {error}") from None


async def _search(context: ServiceContext, discovery: Discovery) -> None:
    await context.clock_started.wait()
    while True:
        try:
            wait_seconds = await discovery.look()
        except DATABASE_AWAY as error:
            context.log.warning("markets_not_written", reason=str(error))
            wait_seconds = 1.0
        await sleep_domain(context.clock, wait_seconds)


async def _capture(context: ServiceContext, discovery: Discovery, averaged: asyncio.Event) -> None:
    await context.clock_started.wait()
    while True:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(STRIKE_RETRY_SECONDS):
                await averaged.wait()
        averaged.clear()
        try:
            await discovery.capture_strikes()
            await discovery.relist()
        except DATABASE_AWAY as error:
            context.log.warning("strikes_not_written", reason=str(error))
            await asyncio.sleep(STRIKE_RETRY_SECONDS)


async def _once_time_runs(context: ServiceContext, work: Callable[[], Awaitable[None]]) -> None:
    await context.clock_started.wait()
    await work()


async def _beat(context: ServiceContext, pool: Pool, account: AccountId, instance: str) -> None:
    await _every(context, BEAT_SECONDS, lambda: beat(pool, account, "discovery", instance))


async def _every(context: ServiceContext, pause_seconds: float, work: Callable[[], Awaitable[None]]) -> None:
    while True:
        try:
            await work()
        except DATABASE_AWAY as error:
            context.log.warning("database_away", reason=str(error))
        await asyncio.sleep(pause_seconds)
