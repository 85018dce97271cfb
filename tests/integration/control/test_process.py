"""Control as a process on real servers: it listens, lets an operator kill, and stops with a reader still connected."""

import asyncio
import json
import os
import signal
import sys
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import nats
import pytest
from redis import Redis

from cli.servers import Servers
from shared.bus.levels import latest_key, publish_level
from shared.bus.streams import load_topology, provision
from shared.db.clock import set_origin
from shared.domain.clock import ClockOrigin
from shared.domain.ids import MarketId, TokenId
from shared.domain.money import Price, Shares
from shared.messages.discovery import BookLevel, TopChanged
from shared.messages.envelope import encode_body
from shared.runtime.clock import RealClock
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


def top(market: str, token: str, bid: str) -> TopChanged:
    return TopChanged(
        market=MarketId(market),
        token=TokenId(token),
        bids=(BookLevel(price=Price.of(bid), shares=Shares.of(40)),),
        asks=(),
        known=True,
        seen_at=rows.NOW,
        sequence=1,
    )


def remember_top(redis_url: str, level: TopChanged) -> None:
    with Redis.from_url(redis_url) as client:
        client.hset(latest_key(TopChanged), level.token, encode_body(level).decode())
        client.hset(latest_key(TopChanged), "damaged", "{")


async def overview_once_heard(lines: AsyncIterator[str]) -> dict[str, Any]:
    """The first overview in which no book is unknown."""
    async for line in lines:
        if line.startswith("data: "):
            overview = json.loads(line.removeprefix("data: "))
            if all(top["known"] for market in overview["markets"] for top in market["tops"]):
                return overview
    raise AssertionError("the stream ended first")


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
    set_origin(postgres_database, "test", ClockOrigin(wall=RealClock().wall(), domain=rows.NOW, speed=1))
    bus = await nats.connect(servers.nats_url)
    await provision(bus.jetstream(), load_topology())
    addresses = {
        "TDMAKER_POSTGRES_URL": postgres_database,
        "TDMAKER_NATS_URL": servers.nats_url,
        "TDMAKER_REDIS_URL": servers.redis_url,
        "TDMAKER_CONTROL_TOKEN_FILE": tokens,
        "TDMAKER_RUN_ID": "test",
        "TDMAKER_CLOCK": "announced",
    }
    seconds = market.removeprefix("0xbtc")
    remember_top(servers.redis_url, top(market, f"btc-down-{seconds}", "0.18"))
    async with control(**addresses) as (process, url), httpx.AsyncClient(base_url=url, headers=HEADERS) as client:
        await line_of(process, "service_started")
        assert (await client.get("/api/health")).json()["ready"]
        await publish_level(bus, top(market, f"btc-up-{seconds}", "0.81"), f"btc-up-{seconds}")
        await bus.flush()
        await bus.close()

        receipt = (await client.post("/api/kill", json={"reason": "drill"})).json()
        assert (receipt["trading_state"], receipt["actor"], receipt["closed"]) == ("halted", "desk", True)
        async with client.stream("GET", "/api/stream") as stream:
            told = stream.aiter_lines()
            overview = await overview_once_heard(told)
            assert [cause["cause"] for cause in overview["account"]["causes"]] == ["kill"]
            (shown,) = overview["markets"]
            assert [(each["outcome"], each["bid"]) for each in shown["tops"]] == [("Up", "0.81"), ("Down", "0.18")]
            process.send_signal(signal.SIGTERM)
            assert [line async for line in told][-1] == ""
        assert await process.wait() == 0


async def test_the_page_is_served_while_neither_database_nor_bus_is_there() -> None:
    nowhere = {"TDMAKER_POSTGRES_URL": "postgresql://127.0.0.1:9/x", "TDMAKER_NATS_URL": "nats://127.0.0.1:9"}
    async with control(**nowhere) as (process, url), httpx.AsyncClient(base_url=url) as client:
        assert (await client.get("/")).status_code == 200
        assert (await client.get("/api/health")).json()["waiting_for"] == ["postgres", "start"]
        answer = await client.get("/api/status")
        assert (answer.status_code, answer.json()["error"][:26]) == (503, "Postgres cannot be reached")
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
