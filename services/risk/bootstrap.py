"""Puts risk together. One process watches an account, by lease; another one waits, connected and ready."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

import psycopg
from nats.aio.client import Client
from nats.js import JetStreamContext

from services.risk.adapters.commands import ExitCommands
from services.risk.adapters.postgres import PostgresAccount
from services.risk.adapters.report import OperatorReport
from services.risk.adapters.venue import VenueOrders
from services.risk.domain.breaker import BreakerLimits
from services.risk.domain.causes import TradingState
from services.risk.domain.exit_model import ExitModel
from services.risk.domain.odds import Odds
from services.risk.domain.resting import Resting
from services.risk.domain.staleness import Limits
from services.risk.domain.stop_loss import ExitRules
from services.risk.handlers.keep import Keeper, KillWatch
from services.risk.handlers.leave import LeaveEarly, Seller
from services.risk.ports import Account, Commands, ExitReport, Report
from services.risk.subscribers import hear_prices, hear_tops, subscribe
from shared.bus.levels import Newest, subscribe_levels
from shared.bus.relay import Relay
from shared.bus.streams import load_topology
from shared.db.account import account_id, read_account
from shared.db.clock import read_origin
from shared.db.lease import Lease, beat
from shared.db.outbox import PostgresOutbox
from shared.db.pool import Pool, call
from shared.domain.clock import Clock
from shared.domain.fair_value import FairValue
from shared.domain.fair_value_diffusion import DiffusionFairValue
from shared.domain.fair_value_table import TableFairValue
from shared.domain.features import EXIT_FEATURES
from shared.domain.ids import AccountId
from shared.domain.money import Cash, Price
from shared.messages.discovery import ReferencePrice, TopChanged
from shared.outside import Network, Outside
from shared.runtime.scribe import Opened, scribe_of
from shared.runtime.service import ServiceContext
from shared.runtime.settings import Settings, SettingsError
from shared.runtime.wallet import wallet_name
from shared.runtime.win_models import load_win_model
from shared.venue.auth import Credentials, CredentialsError
from shared.venue.clob import ClobClient

BEAT_SECONDS = 1.0
KEEP_SECONDS = 0.5
KILL_LOOK_SECONDS = 0.25
RECOVER_SECONDS = 30.0
LOOK_PAUSE_MIN_SECONDS = 0.02
ACCOUNT_POLL_SECONDS = 0.1


@dataclass(frozen=True, slots=True)
class _Risk:
    """What one process of risk is made of."""

    context: ServiceContext
    outside: Outside
    pool: Pool
    account: AccountId
    instance: str
    tables: PostgresAccount
    keeper: Keeper
    leave: LeaveEarly
    kill_watch: KillWatch | None
    state_moved: asyncio.Event
    moved: asyncio.Event


async def start(context: ServiceContext, outside: Outside | None = None) -> None:
    settings = context.settings
    outside = outside or Network(context.name, settings)
    credentials = _credentials(settings)
    pool = await _database(context, outside)
    account = account_id(settings.venue, settings.mode, wallet_name(settings))
    await context.wait_for("account", lambda: _opened(pool, account))
    client = await context.wait_for("nats", outside.nats)
    context.resources.push_async_callback(client.close)
    relay = Relay(PostgresOutbox(pool), client.jetstream(), load_topology())
    risk = _assemble(context, outside, pool, account, credentials, relay, client.jetstream())
    await _hear_levels(risk, client)
    lease = Lease(pool, f"{account}/risk", risk.instance)
    context.resources.push_async_callback(lease.release)
    context.background("relay", relay.run())
    context.background("streams", relay.tend())
    if await lease.take():
        await _activate(risk)
        context.background("lease", lease.keep())
    else:
        context.log.info("standing_by", lease=f"{account}/risk")
        context.background("lease", _succeed(risk, lease))


def _credentials(settings: Settings) -> Credentials | None:
    """Needed where orders are real: risk cancels with them, should the executor fail to."""
    if settings.mode != "live":
        return None
    if settings.api_credentials_file is None:
        raise SettingsError("api_credentials_file is missing; live trading needs the L2 credentials to cancel with")
    try:
        return Credentials.load(settings.api_credentials_file)
    except CredentialsError as error:
        raise SettingsError(str(error)) from None


async def _database(context: ServiceContext, outside: Outside) -> Pool:
    pool = outside.pool()
    await pool.open()
    context.resources.push_async_callback(pool.close)
    await context.wait_for("postgres", lambda: call(pool, "select count(*) from lease", ()))
    context.follow_clock(lambda: read_origin(pool, context.settings.run_id))
    return pool


async def _opened(pool: Pool, account: AccountId) -> None:
    """The executor opens the account."""
    while await read_account(pool, account) is None:
        await asyncio.sleep(ACCOUNT_POLL_SECONDS)


def _assemble(
    context: ServiceContext,
    outside: Outside,
    pool: Pool,
    account: AccountId,
    credentials: Credentials | None,
    relay: Relay,
    jetstream: JetStreamContext,
) -> _Risk:
    settings, scribe = context.settings, scribe_of(context)
    report = OperatorReport(context.metrics, context.log)
    tables = PostgresAccount(pool, account, relay.kick)
    commands = ExitCommands(tables, jetstream, context.clock, context.log)
    clock = scribe.clock(context.clock)
    scribe.begin(Opened.of(account, settings))
    keeper, leave = handlers_of(
        settings, account, scribe.port("account", tables), scribe.port("commands", commands), report, report, clock
    )
    keeper, leave = scribe.handler("keeper", keeper), scribe.handler("leave", leave)
    kill_watch = None if credentials is None else _kill_watch(context, outside, credentials, report)
    return _Risk(
        context, outside, pool, account, outside.fresh_id(), tables, keeper, leave, kill_watch, asyncio.Event(),
        asyncio.Event(),
    )  # fmt: skip


def handlers_of(
    settings: Settings,
    account: AccountId,
    tables: Account,
    commands: Commands,
    report: Report,
    exit_report: ExitReport,
    clock: Clock,
) -> tuple[Keeper, LeaveEarly]:
    """Raises SettingsError for an exit model that is none of ours."""
    resting = Resting(books_show_them=settings.mode == "live")
    limits = Limits(settings.cb_stale_seconds, settings.cb_stale_cancel, settings.cb_stale_exit)
    keeper = Keeper(tables, report, clock, limits, resting)
    odds, model = Odds(_fair_value(settings), settings.cb_stale_seconds), _exit_model(settings)
    seller = Seller(account, settings.strategy_tag)
    rules = _exit_rules(settings, has_model=model is not None)
    return keeper, LeaveEarly(seller, rules, odds, model, resting, commands, exit_report, clock)


def _exit_rules(settings: Settings, *, has_model: bool) -> ExitRules:
    return ExitRules(
        Price(settings.stoploss_peak),
        Price(settings.stoploss_exit),
        settings.stoploss_fair_margin,
        settings.exit_threshold,
        has_model=has_model,
    )


def _fair_value(settings: Settings) -> FairValue:
    return DiffusionFairValue() if settings.fair_value_model == "diffusion" else TableFairValue()


def _exit_model(settings: Settings) -> ExitModel | None:
    """Raises SettingsError for a file that is no model of ours."""
    path = settings.exit_model_path
    return None if path is None else ExitModel(load_win_model(path, EXIT_FEATURES))


def _kill_watch(
    context: ServiceContext, outside: Outside, credentials: Credentials, report: OperatorReport
) -> KillWatch:
    settings = context.settings
    venue = ClobClient(outside.http(settings.clob_url), credentials, context.clock, maker=settings.funder or "")
    context.resources.push_async_callback(venue.close)
    return KillWatch(VenueOrders(venue), report, context.clock)


async def _hear_levels(risk: _Risk, client: Client) -> None:
    tops: Newest[TopChanged] = Newest("top", lambda top: top.token)
    prices: Newest[ReferencePrice] = Newest("price", lambda price: price.coin)
    await subscribe_levels(client, TopChanged, tops)
    await subscribe_levels(client, ReferencePrice, prices)
    risk.context.background("tops", hear_tops(tops, risk.keeper, risk.leave, risk.moved))
    risk.context.background("prices", hear_prices(prices, risk.leave))


async def _succeed(risk: _Risk, lease: Lease) -> None:
    await lease.wait()
    risk.context.log.warning("took_over")
    await _activate(risk)
    await lease.keep()


async def _activate(risk: _Risk) -> None:
    context = risk.context
    await _restore(risk)
    await context.wait_for("nats streams", lambda: _subscribed(risk))
    context.background("beat", _every(context, BEAT_SECONDS, lambda: _beat(risk)))
    context.background("keep", _keep(risk))
    context.background("highest bids", _every(context, KEEP_SECONDS, risk.keeper.raise_highest_bids))
    context.background("exits", _leave(risk))
    context.background("recover", _recover(risk))
    if (kill_watch := risk.kill_watch) is not None:
        context.background("kill watch", _every(context, KILL_LOOK_SECONDS, lambda: kill_watch.look(risk.keeper.seen)))


async def _subscribed(risk: _Risk) -> None:
    facts = risk.outside.facts()
    subscribe(facts, risk.keeper, risk.leave, risk.state_moved, risk.moved)
    await facts.start()
    risk.context.resources.push_async_callback(facts.stop)


async def _beat(risk: _Risk) -> None:
    await beat(risk.pool, risk.account, "risk", risk.instance)


async def _keep(risk: _Risk) -> None:
    """Every half second, and at once when the trading state changed."""

    async def keep_and_wait() -> None:
        await risk.keeper.keep(is_time_running=risk.context.clock_started.is_set())
        await _prompted(risk.state_moved, KEEP_SECONDS)

    await _every(risk.context, 0, keep_and_wait)


async def _leave(risk: _Risk) -> None:
    """Every `maker_interval`, and at once when a book, an order or a position moved; the breaker has no say in it."""
    await risk.context.clock_started.wait()
    pause_seconds = max(LOOK_PAUSE_MIN_SECONDS, risk.context.settings.maker_interval / risk.context.clock.speed)

    async def look_and_wait() -> None:
        seen = risk.keeper.seen
        await risk.leave.look(is_halted=seen is None or seen.state is TradingState.HALTED)
        await _prompted(risk.moved, pause_seconds)

    await _every(risk.context, 0, look_and_wait)


async def _prompted(event: asyncio.Event, wait_seconds: float) -> None:
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(wait_seconds):
            await event.wait()
    event.clear()


async def _recover(risk: _Risk) -> None:
    """From when domain time runs: only then is it known which markets are past, and which day it is."""
    await risk.context.clock_started.wait()
    settings = risk.context.settings
    limits = BreakerLimits(settings.cb_max_losses, Cash(settings.cb_max_drawdown), Cash(settings.cb_daily_limit))

    async def recover() -> None:
        await _restore(risk)
        await risk.tables.hold_breaker_to(limits, risk.context.clock.now())

    await _every(risk.context, RECOVER_SECONDS, recover)


async def _restore(risk: _Risk) -> None:
    risk.leave.restore(await risk.keeper.recover())


async def _every(context: ServiceContext, pause_seconds: float, work: Callable[[], Awaitable[None]]) -> None:
    """A database that is away for a moment is waited for; anything else ends the service."""
    while True:
        try:
            await work()
        except psycopg.OperationalError as error:
            context.log.warning("database_unreachable", reason=str(error))
            await asyncio.sleep(KEEP_SECONDS)
        await asyncio.sleep(pause_seconds)
