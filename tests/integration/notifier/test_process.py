"""The notifier as a process: a fact on the real bus becomes a text in the chat; without a token it is idle."""

import asyncio
import json
import os
import signal
import sys
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path

import httpx
import msgspec
import nats
import pytest
from aiohttp import web

from cli.servers import Servers
from services.notifier.subscribers import STREAMS
from shared.bus.relay import publish
from shared.bus.streams import load_topology, provision
from shared.messages.envelope import Envelope, encode_body
from shared.messages.fills import FillBooked
from shared.runtime.clock import RealClock
from tests.integration.control import rows
from tests.unit.notifier.fakes import fill

pytestmark = pytest.mark.servers
BOT_TOKEN = "123456789:" + "T" * 35  # made up for this test
PATIENCE_SECONDS = 60


class Chat:
    """A corner of Telegram's bot API; texts arrive in order."""

    def __init__(self) -> None:
        self.texts: asyncio.Queue[str] = asyncio.Queue()

    async def send_message(self, request: web.Request) -> web.Response:
        text = str((await request.post())["text"])
        await self.texts.put(text)
        message = {"message_id": 1, "date": 1, "chat": {"id": 42, "type": "private"}, "text": text}
        return web.json_response({"ok": True, "result": message})

    async def next(self) -> str:
        async with asyncio.timeout(PATIENCE_SECONDS):
            return await self.texts.get()


@asynccontextmanager
async def telegram(chat: Chat) -> AsyncGenerator[str, None]:
    app = web.Application()
    app.router.add_post(f"/bot{BOT_TOKEN}/sendMessage", chat.send_message)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    try:
        host, port = runner.addresses[0][:2]
        yield f"http://{host}:{port}"
    finally:
        await runner.cleanup()


async def notifier(**environment: str) -> asyncio.subprocess.Process:
    return await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "services.notifier"),
        env={"PATH": os.environ["PATH"]} | environment,
        stdout=asyncio.subprocess.PIPE,
    )


async def told(process: asyncio.subprocess.Process, action: str) -> dict[str, str]:
    assert process.stdout is not None
    async for line in process.stdout:
        if (read := json.loads(line))["action"] == action:
            return read
    raise AssertionError(f"the notifier ended before {action}")


async def test_a_booked_fill_on_the_bus_is_told_in_the_chat(
    servers: Servers, postgres_database: str, tmp_path: Path
) -> None:
    start = rows.NOW - timedelta(minutes=6)
    market = rows.list_market(postgres_database, "btc", start)
    token_file = tmp_path / "bot"
    token_file.write_text(BOT_TOKEN)
    token_file.chmod(0o600)
    bus = await nats.connect(servers.nats_url)
    await provision(bus.jetstream(), load_topology())
    for stream in STREAMS:  # what other tests on this server left there would be news
        await bus.jetstream().purge_stream(stream)
    chat = Chat()
    async with telegram(chat) as url:
        process = await notifier(
            TDMAKER_POSTGRES_URL=postgres_database,
            TDMAKER_NATS_URL=servers.nats_url,
            TDMAKER_TELEGRAM_URL=url,
            TDMAKER_TELEGRAM_TOKEN_FILE=str(token_file),
            TDMAKER_TELEGRAM_CHAT_ID="42",
        )
        try:
            assert await chat.next() == "▶️ tdmaker started: sim, paper, btc, eth, sol, xrp"
            fact = Envelope(
                message_id=market,
                schema=FillBooked.SCHEMA,
                occurred_at=rows.NOW,
                recorded_at=RealClock().wall(),
                producer="fills",
                correlation_id="c",
                causation_id=None,
                key="7",
                key_sequence=1,
                body=msgspec.Raw(encode_body(fill(market=market))),
            )
            await publish(bus.jetstream(), f"{FillBooked.SUBJECT}.{market}", fact)
            assert await chat.next() == (
                f"🟢 Bought btc-updown-15m-{int(start.timestamp())} Up: 12.5 at 0.80 = $10.00"
                " (move unknown, minute 6.0)"
            )
            process.send_signal(signal.SIGTERM)
            assert await chat.next() == "⏹ tdmaker stopped: sim, paper"
            assert await process.wait() == 0
        finally:
            if process.returncode is None:
                process.kill()
            await process.communicate()
            await bus.close()


async def test_without_a_token_the_notifier_is_idle_and_ready() -> None:
    process = await notifier()
    try:
        port = (await told(process, "service_starting"))["http_port"]
        await told(process, "service_started")
        async with httpx.AsyncClient() as client:
            assert (await client.get(f"http://127.0.0.1:{port}/readyz")).json()["ready"]
        process.send_signal(signal.SIGTERM)
        assert await process.wait() == 0
    finally:
        if process.returncode is None:
            process.kill()
        await process.communicate()


@pytest.mark.parametrize(
    ("text", "reason"), [("no token at all", "holds no bot token"), (BOT_TOKEN, "telegram_chat_id is missing")]
)
async def test_a_half_configured_telegram_is_refused_at_start(tmp_path: Path, text: str, reason: str) -> None:
    token_file = tmp_path / "bot"
    token_file.write_text(text)
    token_file.chmod(0o600)
    chat = {} if "chat_id" in reason else {"TDMAKER_TELEGRAM_CHAT_ID": "42"}
    process = await notifier(TDMAKER_TELEGRAM_TOKEN_FILE=str(token_file), **chat)
    out, _ = await process.communicate()
    assert process.returncode == 2
    assert reason in json.loads(out.splitlines()[-1])["reason"]
    assert text not in out.decode()
