"""Puts settlement together. One process settles an account, by lease; another one waits, connected and ready."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta

import psycopg
from nats.aio.client import Client

from services.settlement.adapters.postgres import PostgresLedger, PostgresTokens
from services.settlement.adapters.report import OperatorCashReport, OperatorReport
from services.settlement.adapters.venue import VenueWord
from services.settlement.domain.redemption import why_not
from services.settlement.handlers import Redeemer, Settler
from services.settlement.ports import CashReport, Ledger, Report, Tokens, Venue
from services.settlement.subscribers import hear_resolved, hear_tops, subscribe
from shared.bus.levels import Newest, subscribe_levels
from shared.bus.relay import Relay
from shared.bus.remembered import remembered_levels
from shared.bus.streams import load_topology
from shared.db.account import account_id, read_account
from shared.db.clock import read_origin
from shared.db.lease import Lease
from shared.db.outbox import PostgresOutbox
from shared.db.pool import Pool, call
from shared.domain.clock import Clock
from shared.domain.ids import AccountId
from shared.messages.discovery import MarketResolved, TopChanged
from shared.outside import Network, Outside
from shared.runtime.scribe import Opened, scribe_of
from shared.runtime.service import ServiceContext
from shared.runtime.settings import Settings
from shared.runtime.wallet import wallet_name
from shared.venue.metadata import MetadataClient

LOOK_PAUSE_SECONDS = 0.5
"""Wall; a look asks about one market at most, in two requests: four a second in all."""
CASH_PAUSE_SECONDS = 5.0
"""Wall, between two looks at what is to become cash."""
ACCOUNT_POLL_SECONDS = 0.1


async def start(context: ServiceContext, outside: Outside | None = None) -> None:
    settings = context.settings
    outside = outside or Network(context.name, settings)
    pool = await _database(context, outside)
    account = account_id(settings.venue, settings.mode, wallet_name(settings))
    await context.wait_for("account", lambda: _opened(pool, account))
    client = await context.wait_for("nats", outside.nats)
    context.resources.push_async_callback(client.close)
    relay = Relay(PostgresOutbox(pool), client.jetstream(), load_topology())
    settler, redeemer = _handlers(
        context, outside, account, PostgresLedger(pool, account, relay.kick), PostgresTokens(pool, account, relay.kick)
    )
    await _hear_levels(context, outside, client, settler)
    lease = Lease(pool, f"{account}/settlement", outside.fresh_id())
    context.resources.push_async_callback(lease.release)
    context.background("relay", relay.run())
    context.background("streams", relay.tend())
    if await lease.take():
        await _activate(context, outside, settler, redeemer)
        context.background("lease", lease.keep())
    else:
        context.log.info("standing_by", lease=f"{account}/settlement")
        context.background("lease", _succeed(context, outside, lease, settler, redeemer))


async def _database(context: ServiceContext, outside: Outside) -> Pool:
    pool = outside.pool()
    await pool.open()
    context.resources.push_async_callback(pool.close)
    await context.wait_for("postgres", lambda: call(pool, "select count(*) from market_guard", ()))
    context.follow_clock(lambda: read_origin(pool, context.settings.run_id))
    return pool


async def _opened(pool: Pool, account: AccountId) -> None:
    """The executor opens the account."""
    while await read_account(pool, account) is None:
        await asyncio.sleep(ACCOUNT_POLL_SECONDS)


def settler_of(settings: Settings, venue: Venue, ledger: Ledger, report: Report, clock: Clock) -> Settler:
    return Settler(venue, ledger, report, clock, timedelta(seconds=settings.settlement_grace))


def redeemer_of(settings: Settings, tokens: Tokens, report: CashReport, clock: Clock) -> Redeemer:
    return Redeemer(tokens, report, clock, is_on=not _reason_off(settings))


def _reason_off(settings: Settings) -> str:
    return why_not(settings.mode, settings.signature_type, auto_redeem=settings.auto_redeem)


def _handlers(
    context: ServiceContext, outside: Outside, account: AccountId, ledger: PostgresLedger, tokens: PostgresTokens
) -> tuple[Settler, Redeemer]:
    client = MetadataClient(context.settings.gamma_url, context.settings.clob_url, transport=outside.http_transport)
    context.resources.push_async_callback(client.close)
    scribe = scribe_of(context)
    scribe.begin(Opened.of(account, context.settings))
    clock = scribe.clock(context.clock)
    settler = settler_of(
        context.settings,
        scribe.port("venue", VenueWord(client, context.metrics)),
        scribe.port("ledger", ledger),
        OperatorReport(context.metrics, context.log),
        clock,
    )
    cash = OperatorCashReport(context.metrics, context.log)
    redeemer = redeemer_of(context.settings, scribe.port("tokens", tokens), cash, clock)
    if reason := _reason_off(context.settings):
        context.log.info("redemption_off", reason=reason)
    return scribe.handler("settler", settler), scribe.handler("redeemer", redeemer)


async def _hear_levels(context: ServiceContext, outside: Outside, client: Client, settler: Settler) -> None:
    tops: Newest[TopChanged] = Newest("top", lambda top: top.token)
    await subscribe_levels(client, TopChanged, tops)
    for top in await remembered_levels(outside.redis(), TopChanged):
        settler.on_top(top)
    context.background("tops", hear_tops(tops, settler))
    hints: Newest[MarketResolved] = Newest("resolved", lambda hint: hint.market)
    await subscribe_levels(client, MarketResolved, hints)
    context.background("resolved", hear_resolved(hints, settler))


async def _succeed(
    context: ServiceContext, outside: Outside, lease: Lease, settler: Settler, redeemer: Redeemer
) -> None:
    await lease.wait()
    context.log.warning("took_over")
    await _activate(context, outside, settler, redeemer)
    await lease.keep()


async def _activate(context: ServiceContext, outside: Outside, settler: Settler, redeemer: Redeemer) -> None:
    await settler.recover()
    await context.wait_for("nats streams", lambda: _subscribed(context, outside, settler))
    context.background("settle", _again_and_again(context, settler.look, LOOK_PAUSE_SECONDS))
    context.background("cash", _again_and_again(context, redeemer.look, CASH_PAUSE_SECONDS))


async def _subscribed(context: ServiceContext, outside: Outside, settler: Settler) -> None:
    facts = outside.facts()
    subscribe(facts, settler)
    await facts.start()
    context.resources.push_async_callback(facts.stop)


async def _again_and_again(context: ServiceContext, look: Callable[[], Awaitable[None]], pause_seconds: float) -> None:
    await context.clock_started.wait()
    while True:
        try:
            await look()
        except psycopg.OperationalError as error:
            context.log.warning("database_unreachable", reason=str(error))
        await asyncio.sleep(pause_seconds)
