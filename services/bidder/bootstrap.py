"""Puts the bidder together. It reads its tables, listens, and plans once domain time runs."""

from __future__ import annotations

import asyncio
import contextlib
from datetime import timedelta

import psycopg
from nats.aio.client import Client
from psycopg_pool import PoolTimeout

from services.bidder.adapters.jetstream import JetStreamIntents
from services.bidder.adapters.postgres import PostgresDecisions, PostgresRecords
from services.bidder.adapters.spoken import SpokenDecisions
from services.bidder.domain.decisions import DecisionLog
from services.bidder.domain.entry_model import EntryModel
from services.bidder.domain.judge import Judge
from services.bidder.domain.outlook import FairOutlook
from services.bidder.domain.rules import Rules, rules_of
from services.bidder.handlers import Bidder
from services.bidder.ports import Decisions, Intents, Records
from services.bidder.subscribers import Tops, hear_prices, subscribe
from shared.bus.remembered import remembered_levels
from shared.db.account import Account, account_id, read_account
from shared.db.clock import read_origin
from shared.db.lease import beat
from shared.db.pool import Pool, call
from shared.domain.clock import Clock
from shared.domain.fair_value_diffusion import DiffusionFairValue
from shared.domain.fair_value_table import TableFairValue
from shared.domain.features import ENTRY_FEATURES
from shared.domain.ids import AccountId
from shared.domain.money import Cash
from shared.domain.sizing import sizing_of
from shared.messages.discovery import TopChanged
from shared.outside import Network, Outside
from shared.runtime.scribe import Opened, scribe_of
from shared.runtime.service import ServiceContext
from shared.runtime.settings import Settings
from shared.runtime.wallet import wallet_name
from shared.runtime.win_models import load_win_model

ACCOUNT_POLL_SECONDS = 0.1
ACCOUNT_READ_SECONDS = 1.0
TABLES_READ_SECONDS = 30.0
DECISIONS_WRITE_SECONDS = 1.0
DECISIONS_PRUNE_SECONDS = 60.0
DECISIONS_KEPT = timedelta(hours=48)
"""Domain time."""
BEAT_SECONDS = 1.0
LOOK_PAUSE_MIN_SECONDS = 0.02
FAIR_VALUES = {"table": TableFairValue, "diffusion": DiffusionFairValue}
DATABASE_AWAY = (psycopg.Error, PoolTimeout)


async def start(context: ServiceContext, outside: Outside | None = None) -> None:
    settings = context.settings
    outside = outside or Network(context.name, settings)
    pool = await _database(context, outside)
    account = account_id(settings.venue, settings.mode, wallet_name(settings))
    opened = await context.wait_for("account", lambda: _opened(pool, account))
    client = await context.wait_for("nats", outside.nats)
    context.resources.push_async_callback(client.close)
    intents = JetStreamIntents(client.jetstream(), context.metrics, context.log)
    context.resources.push_async_callback(intents.close)
    bidder = _bidder(context, opened, account, intents)
    await _listen(context, client, bidder)
    account_moved = asyncio.Event()
    await context.wait_for("nats streams", lambda: _subscribed(context, outside, bidder, account_moved))
    records = PostgresRecords(pool, account)
    await context.wait_for("tables", lambda: _restore(context, outside, bidder, records))
    context.background("account", _follow_account(context, pool, account, bidder, account_moved))
    context.background("tables", _reread(context, bidder, records))
    decisions = PostgresDecisions(pool, account)
    context.background("decisions", _explain(context, bidder, decisions))
    context.background("prune", _prune(context, decisions))
    context.background("beat", _beat(context, pool, account, outside.fresh_id()))
    context.background("looks", _look(context, bidder))


async def _database(context: ServiceContext, outside: Outside) -> Pool:
    pool = outside.pool()
    await pool.open()
    context.resources.push_async_callback(pool.close)
    await context.wait_for("postgres", lambda: call(pool, "select count(*) from decision where false", ()))
    context.follow_clock(lambda: read_origin(pool, context.settings.run_id))
    return pool


async def _opened(pool: Pool, account: AccountId) -> Account:
    """The executor opens the account."""
    while (found := await read_account(pool, account)) is None:
        await asyncio.sleep(ACCOUNT_POLL_SECONDS)
    return found


def _bidder(context: ServiceContext, opened: Account, account: AccountId, intents: Intents) -> Bidder:
    """With `journal` set, one that says what it decides."""
    settings, scribe = context.settings, scribe_of(context)
    scribe.begin(Opened.of(account, settings, opened.wallet_size))
    decisions = DecisionLog() if settings.journal is None else SpokenDecisions(scribe.function("decided", _unheard))
    bidder = bidder_of(
        settings, account, opened.wallet_size, scribe.port("intents", intents), scribe.clock(context.clock), decisions
    )
    return scribe.handler("bidder", bidder)


def _unheard(_words: str) -> None:
    """Only the journal listens."""


def bidder_of(
    settings: Settings, account: AccountId, wallet: Cash | None, intents: Intents, clock: Clock, decisions: DecisionLog
) -> Bidder:
    """Raises SettingsError for an entry model that is none of ours."""
    rules = _rules(settings, wallet)
    outlook = FairOutlook(FAIR_VALUES[settings.fair_value_model](), settings.cb_stale_seconds)
    entry_model = _entry_model(settings, rules)
    judge = Judge(rules, outlook.p_up, None if entry_model is None else entry_model.p_up)
    return Bidder(judge, account, clock, intents, outlook, entry_model, decisions)


def _rules(settings: Settings, wallet: Cash | None) -> Rules:
    """Sizes derive from the wallet that the executor found."""
    sizing = sizing_of(wallet, Cash(settings.order_size), Cash(settings.max_exposure))
    return rules_of(settings, sizing.order_size)


def _entry_model(settings: Settings, rules: Rules) -> EntryModel | None:
    """Raises SettingsError for a file that is no model of ours."""
    path = settings.model_path
    return None if path is None else EntryModel(load_win_model(path, ENTRY_FEATURES), rules)


async def _listen(context: ServiceContext, client: Client, bidder: Bidder) -> None:
    book_to_intent = context.metrics.latency("book_to_intent_seconds", "A top heard to its intents handed to the bus")
    tops = Tops(bidder, context.clock, book_to_intent)
    await tops.subscribe(client)
    context.background("tops", tops.run())
    context.background("prices", hear_prices(client, bidder))


async def _subscribed(context: ServiceContext, outside: Outside, bidder: Bidder, account_moved: asyncio.Event) -> None:
    facts = outside.facts()
    subscribe(facts, bidder, account_moved.set)
    await facts.start()
    context.resources.push_async_callback(facts.stop)


async def _restore(context: ServiceContext, outside: Outside, bidder: Bidder, records: Records) -> None:
    bidder.restore(await records.read(context.clock.now()))
    for top in await remembered_levels(outside.redis(), TopChanged):
        bidder.on_remembered_top(top)


async def _follow_account(
    context: ServiceContext, pool: Pool, account: AccountId, bidder: Bidder, moved: asyncio.Event
) -> None:
    """Only a first look: the reservation itself holds limit and state."""
    while True:
        moved.clear()
        try:
            found = await read_account(pool, account)
        except DATABASE_AWAY as error:
            context.log.warning("account_not_read", reason=str(error))
        else:
            if found is not None:
                bidder.on_account(found.trading_state, found.headroom, found.version)
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(ACCOUNT_READ_SECONDS):
                await moved.wait()


async def _reread(context: ServiceContext, bidder: Bidder, records: Records) -> None:
    watched = context.metrics.gauge("markets_watched", "Markets that the bidder plans for")
    oversize = context.metrics.gauge("oversize_fills", "Fills beyond their order's size since start, kept aside")
    while True:
        watched.set(bidder.watched)
        oversize.set(bidder.oversize_fills)
        await asyncio.sleep(TABLES_READ_SECONDS)
        try:
            bidder.restore(await records.read(context.clock.now()))
        except DATABASE_AWAY as error:
            context.log.warning("tables_not_read", reason=str(error))


async def _explain(context: ServiceContext, bidder: Bidder, decisions: Decisions) -> None:
    counted = context.metrics.counter(
        "decisions_total", "Looks at an outcome, by verdict and by the first filter that refused", ("verdict", "reason")
    )
    while True:
        await asyncio.sleep(DECISIONS_WRITE_SECONDS)
        episodes = bidder.decisions.take()
        if not episodes:
            continue
        try:
            await decisions.write(episodes)
        except DATABASE_AWAY as error:
            bidder.decisions.put_back(episodes)
            context.log.warning("decisions_not_written", reason=str(error), dropped=bidder.decisions.dropped)
        else:
            for episode in episodes:
                counted.labels(episode.verdict, episode.reason).inc(episode.repeats)


async def _prune(context: ServiceContext, decisions: Decisions) -> None:
    while True:
        await asyncio.sleep(DECISIONS_PRUNE_SECONDS)
        try:
            await decisions.prune(context.clock.now() - DECISIONS_KEPT)
        except DATABASE_AWAY as error:
            context.log.warning("decisions_not_pruned", reason=str(error))


async def _beat(context: ServiceContext, pool: Pool, account: AccountId, instance: str) -> None:
    while True:
        try:
            await beat(pool, account, "bidder", instance)
        except DATABASE_AWAY as error:
            context.log.warning("beat_failed", reason=str(error))
        await asyncio.sleep(BEAT_SECONDS)


async def _look(context: ServiceContext, bidder: Bidder) -> None:
    await context.clock_started.wait()
    bidder.open()
    pause_seconds = max(LOOK_PAUSE_MIN_SECONDS, context.settings.maker_interval / context.clock.speed)
    while True:
        bidder.look()
        await asyncio.sleep(pause_seconds)
