"""Puts fills together. One process books an account's fills, by lease; another one waits, connected and ready."""

from __future__ import annotations

import asyncio
import contextlib
import os
import uuid
from collections.abc import Awaitable, Callable

import nats
import psycopg
from nats.aio.client import Client

from services.fills.adapters.postgres import PostgresLedger
from services.fills.adapters.venue import Sweep, UserStream
from services.fills.domain.fill import HeardFill
from services.fills.handlers.booking import FillBooker
from services.fills.handlers.paper import PaperDesk
from services.fills.subscribers import subscribe
from shared.bus.facts import Facts
from shared.bus.levels import Newest, subscribe_levels
from shared.bus.relay import Relay
from shared.bus.streams import load_topology
from shared.db.account import account_id, read_account
from shared.db.clock import read_origin
from shared.db.lease import Lease, beat
from shared.db.outbox import PostgresOutbox
from shared.db.pool import Pool, call, new_pool
from shared.domain.ids import AccountId
from shared.messages.discovery import TopChanged
from shared.runtime.service import ServiceContext
from shared.runtime.settings import SettingsError
from shared.runtime.wallet import wallet_name
from shared.venue.auth import Credentials, CredentialsError
from shared.venue.clob import ClobClient
from shared.venue.errors import VenueFrameError
from shared.venue.http import HttpClient
from shared.venue.user_socket import UserSocket

BEAT_SECONDS = 1.0
SWEEP_DOMAIN_SECONDS = 60.0
LOOK_SECONDS = 1.0
PAPER_LOOK_DOMAIN_SECONDS = 0.5
RELOAD_SECONDS = 30.0
EXCERPTS_WAITING_MAX = 1000
PARK = """
with kept as (insert into parked_frame (source, reason, excerpt) values ('user', %s, %s) returning parked_id)
delete from parked_frame where parked_id <= (select parked_id from kept) - 1000
"""


async def start(context: ServiceContext) -> None:
    settings = context.settings
    pool = new_pool(settings.postgres_url, "fills")
    await pool.open()
    context.resources.push_async_callback(pool.close)
    await context.wait_for("postgres", lambda: call(pool, "select count(*) from market_guard", ()))
    context.follow_clock(lambda: read_origin(pool, settings.run_id))
    account = account_id(settings.venue, settings.mode, wallet_name(settings))
    await context.wait_for("account", lambda: _opened(pool, account))
    client = await context.wait_for("nats", lambda: _connected(settings.nats_url))
    context.resources.push_async_callback(client.close)
    relay = Relay(PostgresOutbox(pool), client.jetstream())
    lease = Lease(pool, f"{account}/fills", uuid.uuid4().hex)
    context.resources.push_async_callback(lease.release)
    ledger = PostgresLedger(pool, account, lease, relay.kick)
    booker = FillBooker(ledger, _teller(context))
    context.background("relay", relay.run())

    async def activate() -> None:
        if settings.mode == "live":
            await _run_live(context, pool, booker, ledger)
        else:
            await _run_paper(context, client, booker, ledger)
        context.background("beat", _beat(pool, account))

    if await lease.take():
        context.background("lease", lease.keep())
        await activate()
    else:
        context.log.info("standing_by", lease=lease.name)
        context.background("lease", _succeed(context, lease, activate))


async def _run_live(context: ServiceContext, pool: Pool, booker: FillBooker, ledger: PostgresLedger) -> None:
    settings = context.settings
    credentials = _credentials(context)
    maker = wallet_name(settings)
    http = HttpClient(settings.clob_url)
    context.resources.push_async_callback(http.close)
    client = ClobClient(http, credentials, context.clock, maker=maker, signature_type=settings.signature_type)
    wanted = asyncio.Event()
    malformed = _Malformed(context, pool)
    sweep = Sweep(client, booker, ledger, context.clock, malformed.take)
    stream = UserStream(booker, ledger, wanted, malformed.take)
    socket = UserSocket(settings.user_ws_url, credentials, stream.take, maker=maker)
    context.background("park", malformed.keep())
    context.background("user_socket", socket.run())
    context.background("user_stream", stream.work())
    await context.wait_for("venue trades", lambda: _swept(sweep))
    interval_seconds = SWEEP_DOMAIN_SECONDS / context.clock.speed
    context.background("sweep", sweep.run(wanted, max(interval_seconds, LOOK_SECONDS), LOOK_SECONDS))
    await context.wait_for("nats streams", lambda: _subscribed(context, None))


async def _run_paper(context: ServiceContext, client: Client, booker: FillBooker, ledger: PostgresLedger) -> None:
    desk = PaperDesk(booker, ledger, context.clock, context.settings.paper_fill_seconds)
    await desk.reload()
    tops: Newest[TopChanged] = Newest("top", lambda top: top.token)
    await subscribe_levels(client, TopChanged, tops)
    await context.wait_for("nats streams", lambda: _subscribed(context, desk))
    context.background("tops", _hear_tops(tops, desk))
    context.background("paper_looks", _paper_looks(context, desk, ledger))
    context.background("reload", _reload(desk))


async def _hear_tops(tops: Newest[TopChanged], desk: PaperDesk) -> None:
    async for top in tops:
        await desk.hear_top(top)


async def _paper_looks(context: ServiceContext, desk: PaperDesk, ledger: PostgresLedger) -> None:
    """Time alone fills orders too. In paper there is nothing to sweep: what is booked is all there is."""
    await context.clock_started.wait()
    swept_at = context.clock.monotonic_seconds()
    while True:
        began = context.clock.now()
        await desk.look()
        if context.clock.monotonic_seconds() - swept_at >= LOOK_SECONDS:
            await ledger.mark_swept(began)
            swept_at = context.clock.monotonic_seconds()
        await asyncio.sleep(PAPER_LOOK_DOMAIN_SECONDS / context.clock.speed)


async def _reload(desk: PaperDesk) -> None:
    while True:
        await asyncio.sleep(RELOAD_SECONDS)
        with contextlib.suppress(psycopg.OperationalError):
            await desk.reload()


async def _swept(sweep: Sweep) -> None:
    """Fills missed while down are booked before anything else goes on."""
    await sweep.sweep()


async def _succeed(context: ServiceContext, lease: Lease, activate: Callable[[], Awaitable[None]]) -> None:
    await lease.wait()
    context.log.warning("took_over")
    await activate()
    await lease.keep()


async def _subscribed(context: ServiceContext, desk: PaperDesk | None) -> None:
    facts = Facts(context.settings.nats_url, "fills", load_topology())
    subscribe(facts, desk)
    await facts.start()
    context.resources.push_async_callback(facts.stop)


async def _beat(pool: Pool, account: AccountId) -> None:
    instance = f"{os.uname().nodename}/{os.getpid()}"
    while True:
        await beat(pool, account, "fills", instance)
        await asyncio.sleep(BEAT_SECONDS)


async def _connected(nats_url: str) -> Client:
    return await nats.connect(nats_url, name="tdmaker-fills", max_reconnect_attempts=-1)


async def _opened(pool: Pool, account: AccountId) -> None:
    if await read_account(pool, account) is None:
        raise LookupError(f"the executor has not opened account {account} yet")


def _credentials(context: ServiceContext) -> Credentials:
    path = context.settings.api_credentials_file
    if path is None:
        raise SettingsError("api_credentials_file is missing; live trading needs the venue's L2 credentials")
    try:
        return Credentials.load(path)
    except CredentialsError as error:
        raise SettingsError(str(error)) from None


def _teller(context: ServiceContext) -> Callable[[HeardFill, str], None]:
    """Counts and logs what became of each fill."""
    counted = context.metrics.counter("fills_total", "Bookings by source", ("source",))
    answered = context.metrics.counter(
        "fills_heard_total", "Fills heard, by what became of them", ("source", "outcome")
    )

    def told(fill: HeardFill, outcome: str) -> None:
        answered.labels(fill.source.value, outcome).inc()
        if outcome == "booked":
            counted.labels(fill.source.value).inc()
        if outcome != "seen":
            context.log.info(
                f"fill_{outcome}",
                trade=fill.trade,
                venue_order_id=fill.venue_order_id,
                shares=str(fill.shares),
                price=str(fill.price),
                source=fill.source.value,
            )

    return told


class _Malformed:
    """What the venue sent and we cannot read: counted at once, kept in the background, never booked."""

    def __init__(self, context: ServiceContext, pool: Pool) -> None:
        self._pool = pool
        self._count = context.metrics.counter("frames_refused_total", "Frames that could not be read", ("source",))
        self._waiting: asyncio.Queue[VenueFrameError] = asyncio.Queue(EXCERPTS_WAITING_MAX)

    def take(self, error: VenueFrameError) -> None:
        self._count.labels("user").inc()
        with contextlib.suppress(asyncio.QueueFull):
            self._waiting.put_nowait(error)

    async def keep(self) -> None:
        while True:
            error = await self._waiting.get()
            async with self._pool.connection() as connection:
                await connection.execute(PARK, (error.field[:200], str(error)))
