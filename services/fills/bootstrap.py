"""Puts fills together: three sources, one way to book."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

import psycopg

from services.fills.adapters.ledger import PostgresLedger
from services.fills.adapters.meter import PrometheusMeter
from services.fills.adapters.user_events import Listeners, UserEvents
from services.fills.adapters.venue_record import RestRecord
from services.fills.handlers.book import BookFills
from services.fills.handlers.orders import FollowOrders
from services.fills.handlers.paper import PaperFills
from services.fills.handlers.proof import AT_HOME, AT_VENUE, Cases, LedgerProof, VenueProof
from services.fills.handlers.rebuild import Rebuild
from services.fills.handlers.shadow import ShadowTaker
from services.fills.handlers.sweep import Sweep
from services.fills.handlers.wallet import Wallet
from services.fills.ports import Books, Kick, LedgerUnavailableError, Meter, VenueRecord
from services.fills.subscribers import Sweeping, every, follow_tops, subscribe_orders
from shared.bus.levels import Newest, subscribe_levels
from shared.bus.relay import Relay
from shared.bus.streams import load_topology
from shared.db.account import account_id, read_account
from shared.db.clock import read_origin
from shared.db.lease import Lease, beat
from shared.db.outbox import PostgresOutbox
from shared.db.pool import Pool, call
from shared.domain.clock import Clock
from shared.domain.ids import AccountId
from shared.messages.discovery import TopChanged
from shared.outside import Network, Outside
from shared.runtime.scribe import Opened, Scribe, scribe_of
from shared.runtime.service import ServiceContext
from shared.runtime.settings import Settings, SettingsError
from shared.runtime.wallet import wallet_name
from shared.venue.auth import Credentials, CredentialsError
from shared.venue.clob import ClobClient
from shared.venue.user_socket import UserSocket

SWEEP_DOMAIN_SECONDS = 60.0
SWEEP_LEAST_SECONDS = 5.0
WATCH_SECONDS = 1.0
REREAD_SECONDS = 30.0
PAPER_LOOK_SECONDS = 0.1
SHADOW_SECONDS = 1.0
BEAT_SECONDS = 1.0
VENUE_PROOF_SECONDS = 5.0
LEDGER_PROOF_SECONDS = 30.0
BLIND_SECONDS = 15.0
ACCOUNT_POLL_SECONDS = 0.1


async def start(context: ServiceContext, outside: Outside | None = None) -> None:
    settings = context.settings
    outside = outside or Network(context.name, settings)
    account = account_id(settings.venue, settings.mode, wallet_name(settings))
    credentials = _credentials(context) if settings.mode == "live" else None
    pool = outside.pool()
    await pool.open()
    context.resources.push_async_callback(pool.close)
    await context.wait_for("postgres", lambda: call(pool, "select count(*) from account", ()))
    context.follow_clock(lambda: read_origin(pool, settings.run_id))
    await _account_opened(context, pool, account)
    lease = await _held_lease(context, pool, account, outside.fresh_id())
    client = await context.wait_for("nats", outside.nats)
    context.resources.push_async_callback(client.close)
    relay = Relay(PostgresOutbox(pool), client.jetstream(), load_topology())
    context.background("relay", relay.run())
    context.background("streams", relay.tend())
    ledger = PostgresLedger(pool, account, lease, context.clock)
    meter = PrometheusMeter(context.metrics)
    scribe = scribe_of(context)
    scribe.begin(Opened.of(account, settings))
    booking = booking_of(scribe.port("ledger", ledger), scribe.clock(context.clock), meter, relay.kick)
    shadow, book = scribe.handler("shadow", booking.shadow), scribe.handler("book", booking.book)
    tops: Newest[TopChanged] = Newest("top", lambda top: top.token)
    await subscribe_levels(client, TopChanged, tops)
    context.background("shadow", every(SHADOW_SECONDS, "shadow", shadow.enter_due))
    ledger_proof = scribe.handler("ledger_proof", ledger_proof_of(booking, relay.kick))
    context.background("ledger proof", every(LEDGER_PROOF_SECONDS, "ledger proof", ledger_proof.look))
    if credentials is None:
        paper = scribe.handler("paper", paper_of(account, settings, booking, relay.kick))
        context.background("tops", follow_tops(tops, shadow, paper))
        await _paper(context, outside, pool, account, ledger, paper)
    else:
        context.background("tops", follow_tops(tops, shadow, None))
        await _live(context, outside, pool, account, ledger, book, meter, relay, credentials, scribe, booking)


@dataclass(frozen=True, slots=True)
class Booking:
    """Every fill is booked by it, whoever saw it."""

    ledger: Books
    clock: Clock
    meter: Meter
    shadow: ShadowTaker
    book: BookFills


def booking_of(ledger: Books, clock: Clock, meter: Meter, kick: Kick) -> Booking:
    shadow = ShadowTaker(ledger, clock, meter)
    return Booking(ledger, clock, meter, shadow, BookFills(ledger, clock, meter, kick, shadow.note))


def paper_of(account: AccountId, settings: Settings, booking: Booking, kick: Kick) -> PaperFills:
    return PaperFills(account, booking.ledger, booking.book, booking.clock, settings.paper_fill_seconds, kick)


def sweep_of(
    booking: Booking, record: VenueRecord, want: Callable[[str], None], kick: Kick, orphans: str
) -> tuple[FollowOrders, Sweep]:
    orders = FollowOrders(booking.ledger, booking.meter, want, kick)
    rebuild = Rebuild(booking.ledger, record, booking.meter, kick, orphans)
    return orders, Sweep(booking.ledger, record, booking.book, orders, booking.clock, booking.meter, rebuild)


def venue_proof_of(booking: Booking, record: VenueRecord, kick: Kick) -> VenueProof:
    cases = Cases(booking.ledger, booking.clock, booking.meter, kick, AT_VENUE)
    return VenueProof(booking.ledger, Wallet(booking.ledger, record), record, cases, booking.meter)


def ledger_proof_of(booking: Booking, kick: Kick) -> LedgerProof:
    return LedgerProof(booking.ledger, Cases(booking.ledger, booking.clock, booking.meter, kick, AT_HOME))


async def _paper(
    context: ServiceContext,
    outside: Outside,
    pool: Pool,
    account: AccountId,
    ledger: PostgresLedger,
    paper: PaperFills,
) -> None:
    clock = context.clock
    await paper.reread()

    async def sweep() -> None:
        """Nothing fills after a market's end, so what was looked at until now is swept."""
        began_at = clock.now()
        await paper.look_at_all()
        await ledger.mark_swept(began_at)

    async def swept_when_wanted() -> None:
        if context.clock_started.is_set() and await ledger.wants_sweep(clock.now()):
            await sweep()

    context.background("looks", every(PAPER_LOOK_SECONDS, "looks", paper.look_at_all))
    context.background("reread", every(REREAD_SECONDS, "reread", paper.reread))
    context.background("sweep", every(WATCH_SECONDS, "sweep", swept_when_wanted))
    context.background(
        "liveness", every(BEAT_SECONDS, "liveness", _beating(context, pool, account, outside.fresh_id()))
    )
    await context.wait_for("nats streams", lambda: _subscribed(context, outside, paper))


async def _live(
    context: ServiceContext,
    outside: Outside,
    pool: Pool,
    account: AccountId,
    ledger: PostgresLedger,
    book: BookFills,
    meter: PrometheusMeter,
    relay: Relay,
    credentials: Credentials,
    scribe: Scribe,
    booking: Booking,
) -> None:
    settings, clock = context.settings, context.clock
    maker = wallet_name(settings)
    clob = ClobClient(
        outside.http(settings.clob_url), credentials, clock, maker=maker, signature_type=settings.signature_type
    )
    context.resources.push_async_callback(clob.close)
    sweeping = Sweeping(max(SWEEP_DOMAIN_SECONDS / settings.speed, SWEEP_LEAST_SECONDS))
    record = scribe.port("record", RestRecord(clob, clock))
    orders, sweep = sweep_of(booking, record, sweeping.want, relay.kick, settings.orphans)
    orders, sweep = scribe.handler("orders", orders), scribe.handler("sweep", sweep)
    events = UserEvents(ledger, Listeners(book.fill, orders.order, sweeping.want), clock, meter)
    socket = UserSocket(settings.user_ws_url, credentials, events.hear, maker=maker, dial=outside.dial)
    context.background("user events", events.run())
    context.background("user socket", socket.run())
    context.resources.push_async_callback(socket.close)
    context.readiness.missing("first sweep")
    sweeping.want("start")
    context.background("sweep", sweeping.run(sweep, clock))
    while sweeping.completed_at is None:
        await asyncio.sleep(ACCOUNT_POLL_SECONDS)
    context.readiness.present("first sweep")

    def sees() -> bool:
        """Somebody watches the entries: the socket, or sweeps often enough."""
        return events.is_connected or clock.monotonic_seconds() - (sweeping.completed_at or 0.0) < BLIND_SECONDS

    async def watch() -> None:
        if not events.is_connected:
            sweeping.want("disconnected")
        if context.clock_started.is_set():
            await sweeping.watch(ledger, clock)

    proof = scribe.handler("venue_proof", venue_proof_of(booking, record, relay.kick))

    async def prove() -> None:
        if context.clock_started.is_set() and await proof.look():
            sweeping.want("unexplained")

    context.background("watch", every(WATCH_SECONDS, "watch", watch))
    context.background("venue proof", every(VENUE_PROOF_SECONDS, "venue proof", prove))
    context.background(
        "liveness", every(BEAT_SECONDS, "liveness", _beating(context, pool, account, outside.fresh_id(), sees))
    )


def _beating(
    context: ServiceContext, pool: Pool, account: AccountId, instance: str, sees: Callable[[], bool] = lambda: True
) -> Callable[[], Awaitable[None]]:
    async def once() -> None:
        if not sees():
            context.log.error("fills_blind", reason="no user socket and no sweep; entries close")
            return
        try:
            await beat(pool, account, "fills", instance)
        except psycopg.Error as error:
            raise LedgerUnavailableError(str(error)) from error

    return once


async def _account_opened(context: ServiceContext, pool: Pool, account: AccountId) -> None:
    """The executor opens it: it knows the balance and the limit."""
    context.readiness.missing("account")
    while await read_account(pool, account) is None:
        await asyncio.sleep(ACCOUNT_POLL_SECONDS)
    context.readiness.present("account")


async def _held_lease(context: ServiceContext, pool: Pool, account: AccountId, holder: str) -> Lease:
    lease = Lease(pool, f"{account}/fills", holder)
    context.readiness.missing("lease")
    await lease.wait()
    context.readiness.present("lease")
    context.log.info("lease_taken", lease=lease.name, epoch=lease.epoch)
    context.resources.push_async_callback(lease.release)
    context.background("lease", lease.keep())
    return lease


async def _subscribed(context: ServiceContext, outside: Outside, paper: PaperFills) -> None:
    facts = outside.facts()
    subscribe_orders(facts, paper)
    await facts.start()
    context.resources.push_async_callback(facts.stop)


def _credentials(context: ServiceContext) -> Credentials:
    path = context.settings.api_credentials_file
    if path is None:
        raise SettingsError("api_credentials_file is missing; live fills are read with the account's L2 credentials")
    try:
        return Credentials.load(path)
    except CredentialsError as error:
        raise SettingsError(str(error)) from None
