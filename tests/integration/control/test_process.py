"""Control as a process on real servers: it listens, lets an operator kill, and stops with a reader still connected."""

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
import nats
import pytest

from cli.servers import Servers
from shared.bus.levels import publish_level
from shared.bus.streams import load_topology, provision
from shared.domain.ids import MarketId, TokenId
from shared.domain.money import Price, Shares
from shared.messages.discovery import BookLevel, TopChanged
from tests.integration.control import rows

pytestmark = pytest.mark.servers
OPERATOR = "operator-token-of-this-test"  # made up for the test
HEADERS = {"Authorization": f"Bearer {OPERATOR}"}


@asynccontextmanager
async def control(**environment: str) -> AsyncGenerator[tuple[asyncio.subprocess.Process, str], None]:
    """The process and the address of its page."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "services.control"),
        env={"PATH": os.environ["PATH"], "TDMAKER_CONTROL_PORT": "0"} | environment,
        stdout=asyncio.subprocess.PIPE,
    )
    try:
        yield process, (await line_of(process, "page_listening"))["url"]
    finally:
        if process.returncode is None:
            process.kill()
        await process.communicate()


async def line_of(process: asyncio.subprocess.Process, action: str) -> dict[str, str]:
    assert process.stdout is not None
    async for line in process.stdout:
        if (told := json.loads(line))["action"] == action:
            return told
    raise AssertionError(f"control ended before {action}")


@pytest.fixture
def tokens(tmp_path: Path) -> str:
    path = tmp_path / "tokens.json"
    path.write_text(json.dumps({"tokens": [{"name": "desk", "role": "operator", "token": OPERATOR}]}))
    path.chmod(0o600)
    return str(path)


async def test_an_operator_watches_kills_and_control_stops_with_a_reader_still_connected(
    servers: Servers, postgres_database: str, tokens: str
) -> None:
    rows.open_account(postgres_database)
    market = rows.list_market(postgres_database, "btc", rows.NOW - timedelta(minutes=6))
    bus = await nats.connect(servers.nats_url)
    await provision(bus.jetstream(), load_topology())
    addresses = {
        "TDMAKER_POSTGRES_URL": postgres_database,
        "TDMAKER_NATS_URL": servers.nats_url,
        "TDMAKER_CONTROL_TOKEN_FILE": tokens,
    }
    async with control(**addresses) as (process, url), httpx.AsyncClient(base_url=url, headers=HEADERS) as client:
        await line_of(process, "service_started")
        assert (await client.get("/api/health")).json()["ready"]
        seconds = market.removeprefix("0xbtc")
        level = BookLevel(price=Price.of("0.81"), shares=Shares.of(40))
        top = TopChanged(
            market=MarketId(market),
            token=TokenId(f"btc-up-{seconds}"),
            bids=(level,),
            asks=(),
            known=True,
            seen_at=rows.NOW,
            sequence=1,
        )
        await publish_level(bus, top, top.token)
        await bus.close()

        receipt = (await client.post("/api/kill", json={"reason": "drill"})).json()
        assert (receipt["trading_state"], receipt["actor"], receipt["closed"]) == ("halted", "desk", True)
        async with client.stream("GET", "/api/stream") as stream:
            told = stream.aiter_lines()
            assert await anext(told) == "event: overview"
            overview = json.loads((await anext(told)).removeprefix("data: "))
            assert [cause["cause"] for cause in overview["account"]["causes"]] == ["kill"]
            process.send_signal(signal.SIGTERM)
            assert [line async for line in told][-1] == ""
        assert await process.wait() == 0


async def test_the_page_is_served_while_neither_database_nor_bus_is_there() -> None:
    nowhere = {"TDMAKER_POSTGRES_URL": "postgresql://127.0.0.1:9/x", "TDMAKER_NATS_URL": "nats://127.0.0.1:9"}
    async with control(**nowhere) as (process, url), httpx.AsyncClient(base_url=url) as client:
        assert (await client.get("/")).status_code == 200
        assert (await client.get("/api/health")).json()["waiting_for"] == ["postgres", "start"]
        answer = await client.get("/api/status")
        assert (answer.status_code, answer.json()["error"][:29]) == (503, "Postgres cannot be reached; `")
        process.send_signal(signal.SIGTERM)
        assert await process.wait() == 0


async def test_control_that_others_can_reach_needs_tokens() -> None:
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "services.control"),
        env={"PATH": os.environ["PATH"], "TDMAKER_CONTROL_HOST": "0.0.0.0"},
        stdout=asyncio.subprocess.PIPE,
    )
    out, _ = await process.communicate()
    assert process.returncode == 2
    failure = json.loads(out.splitlines()[-1])
    assert failure["reason"] == "control_host=0.0.0.0: is open to others; name a control_token_file or use 127.0.0.1"
