"""Puts control together. The API listens first: a kill must not wait for the bus, nor the page for the database."""

from __future__ import annotations

import asyncio
import ipaddress

from nats.aio.client import Client

from services.control.adapters.levels import HeardLevels
from services.control.adapters.postgres import PostgresRecords, PostgresSwitches
from services.control.adapters.venue import VenueEmptying
from services.control.adapters.web import WebServer, listen
from services.control.api.app import Wiring, create_app
from services.control.api.gate import Gate
from services.control.api.live import Live
from services.control.domain.access import Tokens, TokensError, parse_tokens
from services.control.domain.failed_logins import FailedLogins
from services.control.handlers import Desk, Identity
from services.control.ports import BeginEmptying, UnavailableError
from services.control.subscribers import hear_each, subscribe_facts, subscribe_prices, subscribe_tops
from shared.bus.remembered import remembered_levels
from shared.db.account import account_id
from shared.db.clock import read_origin
from shared.db.pool import Pool, call
from shared.messages.discovery import ReferencePrice, TopChanged
from shared.outside import Network, Outside
from shared.runtime.secrets import read_secret_file
from shared.runtime.service import BackgroundTaskDiedError, ServiceContext
from shared.runtime.settings import Settings, SettingsError
from shared.runtime.wallet import wallet_name
from shared.venue.auth import Credentials, CredentialsError
from shared.venue.clob import ClobClient

INSIST_SECONDS = 1.0
VENUE_BOUND_SECONDS = 2.0


async def start(context: ServiceContext, outside: Outside | None = None) -> None:
    settings = context.settings
    outside = outside or Network(context.name, settings)
    tokens = _tokens(settings)
    pool = outside.pool()
    await pool.open()
    context.resources.push_async_callback(pool.close)
    levels = HeardLevels()
    desk = _desk(context, pool, levels, _venue(context, outside))
    context.background("owed kill", _insist(context, desk))
    live = Live(lambda: desk.overview(context.clock.speed), context.clock.monotonic_seconds)
    refused = context.metrics.counter("control_refusals_total", "Requests that were not let in", ("reason",))
    gate = Gate(tokens, FailedLogins(), context.clock, refused)
    _serve(context, Wiring(desk, gate, live, context.readiness, context.metrics))
    await context.wait_for("postgres", lambda: call(pool, "select 1", ()))
    context.follow_clock(lambda: read_origin(pool, settings.run_id))
    client = await context.wait_for("nats", outside.nats)
    context.resources.push_async_callback(client.close)
    await _hear_levels(context, outside, client, levels)
    await context.wait_for("nats streams", lambda: _subscribed(context, outside, live))


async def _insist(context: ServiceContext, desk: Desk) -> None:
    while True:
        await asyncio.sleep(INSIST_SECONDS)
        try:
            await desk.insist()
        except UnavailableError as error:
            context.log.warning("kill_still_owed", reason=str(error))


def _venue(context: ServiceContext, outside: Outside) -> BeginEmptying | None:
    """On paper nothing rests there. Raises SettingsError."""
    settings, clock = context.settings, context.clock
    if settings.mode != "live":
        return None
    if settings.api_credentials_file is None:
        raise SettingsError("api_credentials_file is missing; a kill without Postgres cancels with the L2 credentials")
    try:
        credentials = Credentials.load(settings.api_credentials_file)
    except CredentialsError as error:
        raise SettingsError(str(error)) from None
    client = ClobClient(outside.http(settings.clob_url), credentials, clock, read_timeout_seconds=VENUE_BOUND_SECONDS)
    context.resources.push_async_callback(client.close)
    return lambda since_seconds: VenueEmptying(client, clock, since_seconds)


def _desk(context: ServiceContext, pool: Pool, levels: HeardLevels, begin_emptying: BeginEmptying | None) -> Desk:
    settings = context.settings
    account = account_id(settings.venue, settings.mode, wallet_name(settings))
    return Desk(
        Identity(account, settings.venue, settings.mode, settings.run_id),
        PostgresRecords(pool, account, settings.venue),
        PostgresSwitches(pool, account, context.clock),
        levels,
        context.clock,
        begin_emptying,
    )


def _serve(context: ServiceContext, wiring: Wiring) -> None:
    host, port = context.settings.control_host, context.settings.control_port
    bound = listen(host, port)
    server = WebServer(create_app(wiring))

    async def serve() -> None:
        await server.serve([bound])
        if not context.stopping.is_set():
            raise BackgroundTaskDiedError("web: ended by itself")

    async def stop() -> None:
        await context.stopping.wait()
        wiring.live.stop()
        server.should_exit = True

    context.tasks.create_task(serve(), name="web")
    context.tasks.create_task(stop(), name="web stop")
    context.log.info(
        "page_listening", url=f"http://{host}:{bound.getsockname()[1]}/", acting=wiring.gate.tokens is not None
    )


def _tokens(settings: Settings) -> Tokens | None:
    if settings.control_token_file is None:
        if not _is_loopback(settings.control_host):
            raise SettingsError(
                f"control_host={settings.control_host}: is open to others; name a control_token_file or use 127.0.0.1"
            )
        return None
    text = read_secret_file("control_token_file", settings.control_token_file)
    try:
        return parse_tokens(text)
    except TokensError as error:
        raise SettingsError(f"control_token_file={settings.control_token_file}: {error}") from None


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


async def _hear_levels(context: ServiceContext, outside: Outside, client: Client, levels: HeardLevels) -> None:
    """Subscribed first, remembered second: what changes in between is not missed."""
    context.background("tops", hear_each(await subscribe_tops(client), levels.hear_top))
    context.background("prices", hear_each(await subscribe_prices(client), levels.hear_price))
    tops = await remembered_levels(outside.redis(), TopChanged)
    levels.remember(tops, await remembered_levels(outside.redis(), ReferencePrice))


async def _subscribed(context: ServiceContext, outside: Outside, live: Live) -> None:
    facts = outside.facts()
    subscribe_facts(facts, live.changed)
    await facts.start()
    context.resources.push_async_callback(facts.stop)
