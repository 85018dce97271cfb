"""The real Telegram client against a server of our own that speaks a corner of the bot API."""

from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager

import pytest
from aiohttp import web

from services.notifier.adapters.telegram import TelegramSender
from services.notifier.ports import SendFailedError

BOT_TOKEN = "123456789:" + "T" * 35  # made up for this test


@asynccontextmanager
async def telegram(
    status: int, answer: Mapping[str, object], heard: list[dict[str, object]]
) -> AsyncGenerator[str, None]:
    async def send_message(request: web.Request) -> web.Response:
        heard.append(dict(await request.post()))
        return web.json_response(answer, status=status)

    app = web.Application()
    app.router.add_post(f"/bot{BOT_TOKEN}/sendMessage", send_message)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    try:
        host, port = runner.addresses[0][:2]
        yield f"http://{host}:{port}"
    finally:
        await runner.cleanup()


async def test_a_text_reaches_the_chat() -> None:
    heard: list[dict[str, object]] = []
    message = {"message_id": 1, "date": 1, "chat": {"id": 42, "type": "private"}, "text": "hello"}
    async with (
        telegram(200, {"ok": True, "result": message}, heard) as url,
        TelegramSender(BOT_TOKEN, 42, url) as sender,
    ):
        await sender.send("hello")
    assert heard == [{"chat_id": "42", "text": "hello"}]


async def test_being_asked_to_wait_says_how_long() -> None:
    answer = {"ok": False, "error_code": 429, "description": "Too Many Requests", "parameters": {"retry_after": 7}}
    async with telegram(429, answer, []) as url, TelegramSender(BOT_TOKEN, 42, url) as sender:
        with pytest.raises(SendFailedError) as caught:
            await sender.send("hello")
    assert caught.value.retry_after_seconds == 7


async def test_a_refusal_and_a_dead_server_are_failures_that_do_not_show_the_token() -> None:
    answer = {"ok": False, "error_code": 403, "description": "Forbidden: bot was blocked"}
    async with telegram(403, answer, []) as url, TelegramSender(BOT_TOKEN, 42, url) as sender:
        with pytest.raises(SendFailedError, match="bot was blocked"):
            await sender.send("hello")
    async with TelegramSender(BOT_TOKEN, 42, url) as sender:
        with pytest.raises(SendFailedError) as caught:
            await sender.send("hello")
    assert BOT_TOKEN not in str(caught.value)
