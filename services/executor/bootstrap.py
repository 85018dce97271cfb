"""Puts the executor together: the only process that holds the signing key."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from datetime import datetime

import psycopg

from services.executor.adapters.bus import JetStreamBus
from services.executor.adapters.guard import PostgresGuard
from services.executor.adapters.live_venue import LiveHeart, LiveSigner, LiveVenue
from services.executor.adapters.market_table import MarketTable
from services.executor.adapters.meter import PrometheusMeter
from services.executor.adapters.order_table import PostgresOrders
from services.executor.adapters.paper_venue import PaperSigner, PaperVenue
from services.executor.adapters.redemption_table import PostgresRedemptions
from services.executor.adapters.relayer_cashier import RelayerCashier
from services.executor.domain.budget import Budget
from services.executor.domain.gate import Gate
from services.executor.domain.placing_pause import PlacingPause
from services.executor.domain.resolution import Patience
from services.executor.handlers.bus import WatchBus
from services.executor.handlers.cancel import CancelOrders
from services.executor.handlers.heartbeat import Heartbeat
from services.executor.handlers.keep import KeepOrders
from services.executor.handlers.place import PlaceEntries
from services.executor.handlers.recover import Recovery
from services.executor.handlers.redeem import TurnToCash
from services.executor.handlers.refusals import HearRefusals
from services.executor.handlers.resolve import Resolver
from services.executor.handlers.trading_state import HearTradingState
from services.executor.ports import (
    Cashier,
    Guard,
    Heart,
    Kick,
    LeaseAge,
    Markets,
    Meter,
    OrderTable,
    Redemptions,
    Signer,
    Sleep,
    Spawn,
    TableUnavailableError,
    Venue,
)
from services.executor.subscribers import (
    every,
    keep_beating,
    subscribe_exits,
    subscribe_fills,
    subscribe_intents,
    subscribe_markets,
    subscribe_redemptions,
    subscribe_trading_state,
    watch_orders,
)
from shared.bus.relay import Relay
from shared.bus.streams import load_topology
from shared.db.account import account_id, open_account
from shared.db.clock import read_origin
from shared.db.lease import Lease
from shared.db.outbox import PostgresOutbox
from shared.db.pool import Pool, call
from shared.domain.clock import Clock
from shared.domain.ids import AccountId
from shared.domain.money import Cash
from shared.domain.redemption import DEPOSIT_WALLET
from shared.domain.sizing import Sizing, UnknownWalletError, live_wallet, paper_wallet, sizing_of
from shared.outside import Network, Outside
from shared.runtime.options import Settings
from shared.runtime.scribe import Opened, scribe_of
from shared.runtime.service import ServiceContext
from shared.runtime.settings import SettingsError
from shared.runtime.wallet import wallet_name
from shared.venue.auth import Credentials, CredentialsError
from shared.venue.clob import ClobClient
from shared.venue.http import HttpClient
from shared.venue.relayer import RelayerClient, RelayerKey, RelayerKeyError
from shared.venue.trading import OrderSigner, SigningKeyError, new_salt

KEEP_SECONDS = 0.5
CASH_SECONDS = 1.0
BUS_SECONDS = 1.0
REREAD_SECONDS = 30.0
RELISTEN_SECONDS = 0.5
FAREWELL_TABLE_SECONDS = 2.0
FAREWELL_VENUE_SECONDS = 2.0
WARM_CONNECTIONS = 2


@dataclass(frozen=True, slots=True)
class Trading:
    """Where orders go, by mode: the real interface or the table alone."""

    signer: Signer
    venue: Venue
    heart: Heart | None
    cashier: Cashier | None
    sizing: Sizing
    wallet: str


@dataclass(frozen=True, slots=True)
class Ports:
    """All that the handlers reach."""

    signer: Signer
    table: OrderTable
    venue: Venue
    heart: Heart | None
    redemptions: Redemptions
    cashier: Cashier | None
    guard: Guard
    markets: Markets
    lease: LeaseAge
    clock: Clock
    meter: Meter
    spawn: Spawn
    sleep: Sleep
    kick: Kick


@dataclass(frozen=True, slots=True)
class Handlers:
    place: PlaceEntries
    cancels: CancelOrders
    state: HearTradingState
    keep: KeepOrders
    recovery: Recovery
    heartbeat: Heartbeat | None
    cash: TurnToCash | None


def handlers_of(settings: Settings, account: AccountId, ports: Ports) -> Handlers:
    table, venue, guard, clock, meter, kick = (
        ports.table, ports.venue, ports.guard, ports.clock, ports.meter, ports.kick,
    )  # fmt: skip
    gate = Gate()
    patience = Patience.of(settings.place_timeout, settings.cancel_ttl / settings.speed)
    resolver = Resolver(table, venue, clock, patience, kick)
    cancels = CancelOrders(account, table, venue, resolver, gate, Budget.of_cancels(), clock, meter, kick)
    refusals = HearRefusals(guard, clock)
    place = PlaceEntries(
        account, ports.signer, table, venue, resolver, cancels, ports.markets, gate, Budget.of_orders(),
        PlacingPause(), refusals, ports.lease, clock, meter, ports.spawn, ports.sleep, kick,
    )  # fmt: skip
    return Handlers(
        place=place,
        cancels=cancels,
        state=HearTradingState(account, gate, cancels),
        keep=KeepOrders(table, resolver, cancels, refusals, guard, gate, clock, meter, place.in_flight),
        recovery=Recovery(
            table, venue, resolver, cancels, guard, ports.sleep, settings.orphans,
            asks_first=settings.venue == "polymarket",
        ),
        heartbeat=None if ports.heart is None else Heartbeat(ports.heart, guard, clock, meter),
        cash=None if ports.cashier is None else TurnToCash(
            account, ports.redemptions, ports.cashier, gate, ports.lease, clock, meter
        ),
    )  # fmt: skip


async def start(context: ServiceContext, outside: Outside | None = None) -> None:
    settings = context.settings
    outside = outside or Network(context.name, settings)
    trading = await (_live(context, outside) if settings.mode == "live" else _paper(context))
    pool, hot = await _pool(context, outside, 4), await _pool(context, outside, 1)
    await context.wait_for("postgres", lambda: call(pool, "select count(*) from account", ()))
    context.follow_clock(lambda: read_origin(pool, settings.run_id))
    account = account_id(settings.venue, settings.mode, trading.wallet)
    lease = await _held_lease(context, pool, account, outside.fresh_id())
    sizing = trading.sizing
    await open_account(pool, settings.venue, settings.mode, trading.wallet, sizing.max_exposure, sizing.wallet)
    context.log.info(
        "account_opened",
        account=account,
        wallet=str(sizing.wallet),
        order_size=str(sizing.order_size),
        max_exposure=str(sizing.max_exposure),
    )
    await _trade(context, outside, trading, pool, hot, account, lease)


async def _trade(
    context: ServiceContext,
    outside: Outside,
    trading: Trading,
    pool: Pool,
    hot: Pool,
    account: AccountId,
    lease: Lease,
) -> None:
    """Recovers, then listens; readiness follows when this returns."""
    settings, clock = context.settings, context.clock
    nats_client = await context.wait_for("nats", outside.nats)
    context.resources.push_async_callback(nats_client.close)
    jetstream = nats_client.jetstream()
    relay = Relay(PostgresOutbox(pool), jetstream, load_topology())
    context.background("relay", relay.run())
    context.background("streams", relay.tend())
    table = PostgresOrders(pool, hot, account, lease, clock)
    guard = PostgresGuard(pool, account)
    meter = PrometheusMeter(context.metrics, lambda: clock.wall().timestamp())
    markets = MarketTable(pool, account, clock)
    await watch_orders(nats_client, account, meter.order_changed)
    scribe = scribe_of(context)
    scribe.begin(Opened.of(account, settings))
    handlers = handlers_of(
        settings,
        account,
        Ports(
            signer=scribe.port("signer", trading.signer),
            table=scribe.port("table", table),
            venue=scribe.port("venue", trading.venue),
            heart=None if trading.heart is None else scribe.port("heart", trading.heart),
            redemptions=scribe.port("redemptions", PostgresRedemptions(pool, account, lease, clock)),
            cashier=None if trading.cashier is None else scribe.port("cashier", trading.cashier),
            guard=scribe.port("guard", guard),
            markets=scribe.port("markets", markets),
            lease=scribe.port("lease", lease),
            clock=scribe.clock(clock),
            meter=meter,
            spawn=scribe.spawn(lambda name, work: _spawn(context, name, work)),
            sleep=scribe.function("sleep", _sleep),
            kick=relay.kick,
        ),
    )
    place, cancels = scribe.handler("place", handlers.place), scribe.handler("cancels", handlers.cancels)
    state, keep = scribe.handler("state", handlers.state), scribe.handler("keep", handlers.keep)
    cash = None if handlers.cash is None else scribe.handler("cash", handlers.cash)

    context.background("trading state", _listen(outside, state))
    await scribe.handler("recovery", handlers.recovery).run()
    await context.wait_for("database warm", table.warm)
    if handlers.heartbeat is not None:
        context.background("heartbeat", keep_beating(scribe.handler("heartbeat", handlers.heartbeat)))
    context.background("orders", every(KEEP_SECONDS, "orders", keep.round))
    if cash is not None:
        context.background("cash", every(CASH_SECONDS, "redemptions", cash.round))
    context.background("bus", every(BUS_SECONDS, "bus", WatchBus(JetStreamBus(jetstream), guard, clock).look))
    context.background("markets", every(REREAD_SECONDS, "markets", markets.reread))
    context.resources.push_async_callback(_farewell, context, cancels)
    await context.wait_for("markets", markets.reread)
    await context.wait_for(
        "nats streams", lambda: _subscribed(context, outside, account, place, cancels, markets, state, cash)
    )


async def _subscribed(
    context: ServiceContext,
    outside: Outside,
    account: AccountId,
    place: PlaceEntries,
    cancels: CancelOrders,
    markets: MarketTable,
    state: HearTradingState,
    cash: TurnToCash | None,
) -> None:
    facts = outside.facts()
    subscribe_intents(facts, place, cancels)
    subscribe_exits(facts, place, cancels)
    subscribe_markets(facts, markets)
    subscribe_fills(facts, account, cancels)
    subscribe_trading_state(facts, state)
    subscribe_redemptions(facts, cash)
    await facts.start()
    context.resources.push_async_callback(facts.stop)


async def _paper(context: ServiceContext) -> Trading:
    settings = context.settings
    sizing = _sizing(settings, paper_wallet(Cash(settings.wallet)))

    def domain_now() -> datetime | None:
        return context.clock.now() if context.clock_started.is_set() else None

    return Trading(PaperSigner(), PaperVenue(domain_now), None, None, sizing, wallet_name(settings))


async def _live(context: ServiceContext, outside: Outside) -> Trading:
    settings = context.settings
    wallet = wallet_name(settings)
    credentials, signer = _credentials_and_signer(context, wallet)

    def client() -> ClobClient:
        return _clob(context, outside.http(settings.clob_url), credentials, signer)

    clob = client()
    balance = await context.wait_for("venue balance", lambda: _balance(clob))
    sizing = _sizing(settings, live_wallet(Cash(settings.wallet), balance))
    venue, heart = live_venue_of(clob, client)
    await context.wait_for("venue connections", lambda: venue.warm(WARM_CONNECTIONS))
    sign = LiveSigner(lambda terms, wall_ms: signer.sign(terms, wall_ms, new_salt()), context.clock)
    return Trading(sign, venue, heart, _cashier(context, outside, clob, signer), sizing, wallet)


def live_venue_of(clob: ClobClient, another: Callable[[], ClobClient]) -> tuple[LiveVenue, LiveHeart]:
    """A client has a bounded number of connections: what the venue holds up on some must not hold up beats."""
    return LiveVenue(another(), clob), LiveHeart(another())


def _credentials_and_signer(context: ServiceContext, wallet: str) -> tuple[Credentials, OrderSigner]:
    settings = context.settings
    if settings.private_key_file is None or settings.api_credentials_file is None:
        raise SettingsError("live trading needs private_key_file and api_credentials_file; name both files")
    try:
        credentials = Credentials.load(settings.api_credentials_file)
        signer = OrderSigner(
            settings.private_key_file, settings.chain_id, wallet, settings.signature_type, credentials.api_key
        )
    except (CredentialsError, SigningKeyError) as error:
        raise SettingsError(str(error)) from None
    context.resources.callback(signer.wipe)
    if credentials.address.lower() != signer.address.lower():
        raise SettingsError(
            f"api_credentials_file is of {credentials.address}, private_key_file of {signer.address}; the venue takes"
            " orders signed by the owner of the API key alone"
        )
    return credentials, signer


def _clob(context: ServiceContext, http: HttpClient, credentials: Credentials, signer: OrderSigner) -> ClobClient:
    settings = context.settings
    clob = ClobClient(
        http,
        credentials,
        context.clock,
        maker=signer.maker,
        signature_type=settings.signature_type,
        place_timeout_seconds=settings.place_timeout,
    )
    context.resources.push_async_callback(clob.close)
    return clob


def _cashier(context: ServiceContext, outside: Outside, clob: ClobClient, signer: OrderSigner) -> Cashier | None:
    """None where nothing is redeemed: settlement asks for nothing there either."""
    settings = context.settings
    if not settings.auto_redeem or settings.signature_type != DEPOSIT_WALLET:
        return None
    if settings.relayer_key_file is None:
        raise SettingsError("auto_redeem needs relayer_key_file for a deposit wallet; name it or turn auto_redeem off")
    try:
        key = RelayerKey.load(settings.relayer_key_file)
    except RelayerKeyError as error:
        raise SettingsError(str(error)) from None
    client = RelayerClient(outside.http(settings.relayer_url), key)
    context.resources.push_async_callback(client.close)
    return RelayerCashier(clob, client, signer.sign_batch, signer.address, signer.maker, context.clock)


async def _balance(clob: ClobClient) -> Cash:
    """The venue shows nothing of a new wallet before it was told to look at the chain."""
    await clob.refresh_balance_allowance("COLLATERAL")
    return (await clob.balance_allowance("COLLATERAL")).cash()


def _sizing(settings: Settings, wallet: Cash | None) -> Sizing:
    try:
        return sizing_of(wallet, Cash(settings.order_size), Cash(settings.max_exposure))
    except UnknownWalletError as error:
        raise SettingsError(str(error)) from None


async def _pool(context: ServiceContext, outside: Outside, size: int) -> Pool:
    pool = outside.pool(size_max=size)
    await pool.open()
    context.resources.push_async_callback(pool.close)
    return pool


async def _held_lease(context: ServiceContext, pool: Pool, account: AccountId, holder: str) -> Lease:
    lease = Lease(pool, f"{account}/executor", holder)
    context.readiness.missing("lease")
    await lease.wait()
    context.readiness.present("lease")
    context.log.info("lease_taken", lease=lease.name, epoch=lease.epoch)
    context.resources.push_async_callback(lease.release)
    context.background("lease", lease.keep())
    return lease


async def _listen(outside: Outside, state: HearTradingState) -> None:
    """Comes back after a lost connection; the round that rereads the account covers the gap."""
    while True:
        try:
            await outside.listen("trading_state", state.announced)
        except (psycopg.OperationalError, TableUnavailableError):
            await asyncio.sleep(RELISTEN_SECONDS)


async def _farewell(context: ServiceContext, cancels: CancelOrders) -> None:
    """Nobody's entries rest while nobody watches them, whether or not the table can say which they are."""
    try:
        async with asyncio.timeout(FAREWELL_TABLE_SECONDS):
            await cancels.cancel_entries("STOPPING")
    except (TimeoutError, TableUnavailableError) as error:
        context.log.warning("farewell_without_table", reason=repr(error))
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(FAREWELL_VENUE_SECONDS):
                await cancels.cancel_unnamed("STOPPING")


def _spawn(context: ServiceContext, name: str, work: Coroutine[None, None, None]) -> None:
    context.tasks.create_task(work, name=name)


async def _sleep(seconds: float) -> None:
    await asyncio.sleep(seconds)
