"""Puts the notifier together. Without a bot token it is idle, and ready."""

from __future__ import annotations

import asyncio
import re

from services.notifier.adapters.mailbox import BoundedMailbox
from services.notifier.adapters.postgres import KnownRecords
from services.notifier.handlers import Notifier
from services.notifier.ports import Sender
from services.notifier.subscribers import subscribe
from shared.bus.levels import Newest, subscribe_levels
from shared.db.account import account_id
from shared.db.clock import read_origin
from shared.db.pool import call
from shared.messages.discovery import ReferencePrice
from shared.outside import Network, Outside
from shared.runtime.secrets import read_secret_file
from shared.runtime.service import ServiceContext
from shared.runtime.settings import SettingsError
from shared.runtime.wallet import wallet_name

FAREWELL_TIMEOUT_SECONDS = 3.0
ALERTS_PAUSE_SECONDS = 2.0
BOT_TOKEN = re.compile(r"\d+:[A-Za-z0-9_-]{30,}")


async def start(context: ServiceContext, outside: Outside | None = None) -> None:
    settings = context.settings
    outside = outside or Network(context.name, settings)
    if settings.telegram_token_file is None:
        context.log.info("notifier_idle", reason="no telegram_token_file")
        return
    sender = await _telegram(context)
    pool = outside.pool(size_max=2)
    await pool.open()
    context.resources.push_async_callback(pool.close)
    await context.wait_for("postgres", lambda: call(pool, "select 1", ()))
    context.follow_clock(lambda: read_origin(pool, settings.run_id))
    mailbox = BoundedMailbox(sender, context.metrics)
    context.background("deliver", mailbox.deliver())
    account = account_id(settings.venue, settings.mode, wallet_name(settings))
    records = KnownRecords(pool, account)
    await _hear_prices(context, outside, records)
    notifier = Notifier(account, mailbox, records, context.clock)
    await context.wait_for("nats streams", lambda: _subscribed(context, outside, notifier))
    context.background("alerts", _tell_alerts(notifier))
    mailbox.offer(f"▶️ tdmaker started: {settings.venue}, {settings.mode}, {', '.join(settings.symbols)}")
    context.resources.push_async_callback(
        _say_farewell, mailbox, f"⏹ tdmaker stopped: {settings.venue}, {settings.mode}"
    )


async def _telegram(context: ServiceContext) -> Sender:
    settings = context.settings
    token = read_secret_file("telegram_token_file", settings.telegram_token_file)
    if settings.telegram_chat_id is None:
        raise SettingsError("telegram_chat_id is missing; name the chat that telegram_token_file's bot writes to")
    if not BOT_TOKEN.fullmatch(token):
        raise SettingsError(
            f"telegram_token_file={settings.telegram_token_file}: holds no bot token; put the one of @BotFather in it"
        )
    # aiogram takes seconds and megabytes to import: only where it is used.
    from services.notifier.adapters.telegram import TelegramSender  # noqa: PLC0415

    sender = TelegramSender(token, settings.telegram_chat_id, settings.telegram_url)
    return await context.resources.enter_async_context(sender)


async def _tell_alerts(notifier: Notifier) -> None:
    while True:
        await notifier.tell_alerts()
        await asyncio.sleep(ALERTS_PAUSE_SECONDS)


async def _hear_prices(context: ServiceContext, outside: Outside, records: KnownRecords) -> None:
    client = await context.wait_for("nats", outside.nats)
    context.resources.push_async_callback(client.close)
    prices: Newest[ReferencePrice] = Newest("price", lambda price: price.coin)
    await subscribe_levels(client, ReferencePrice, prices)

    async def listen() -> None:
        async for price in prices:
            records.hear(price)

    context.background("prices", listen())


async def _subscribed(context: ServiceContext, outside: Outside, notifier: Notifier) -> None:
    facts = outside.facts()
    subscribe(facts, notifier)
    await facts.start()
    context.resources.push_async_callback(facts.stop)


async def _say_farewell(mailbox: BoundedMailbox, text: str) -> None:
    mailbox.offer(text)
    try:
        async with asyncio.timeout(FAREWELL_TIMEOUT_SECONDS):
            await mailbox.flush()
    except TimeoutError:
        pass
