"""A market's end, told late, told wrong, or not told, at a running simulator whose quarter hour passes in seconds."""

import asyncio
import json
from collections.abc import AsyncGenerator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
from websockets.asyncio.client import ClientConnection, connect

from tests.venue_sim.faulty import MARKET, SLOT, still_book, switch, until
from tests.venue_sim.process import Address, set_clock, simulator

SPEED = 600
LATE_MS = 1_200_000
UP, DOWN = MARKET.tokens


@pytest.fixture
def address(tmp_path: Path) -> Iterator[Address]:
    options = ("--recording", str(still_book(tmp_path)), "--protocol-version", "v1")
    with simulator(*options) as running:
        yield running


@asynccontextmanager
async def from_the_start(address: Address) -> AsyncGenerator[ClientConnection]:
    """The market socket, from the slot's start on."""
    async with connect(f"{address.ws}/market", compression=None) as connection, asyncio.timeout(30):
        greeting = {"type": "market", "assets_ids": [UP], "custom_feature_enabled": True}
        await connection.send(json.dumps(greeting))
        await connection.send("PING")
        assert await connection.recv() == "PONG"
        set_clock(address, speed=SPEED, domain_s=SLOT)
        yield connection


async def next_winner(connection: ClientConnection) -> str:
    while (frame := json.loads(await connection.recv())).get("event_type") != "market_resolved":
        pass
    return frame["winning_asset_id"]


def named(address: Address) -> list[str]:
    market = httpx.get(f"{address.http}/markets/{MARKET.condition_id}").json()
    return [token["token_id"] for token in market["tokens"] if token["winner"]]


def listed(address: Address) -> dict[str, Any]:
    return httpx.get(f"{address.http}/gamma/markets/slug/{MARKET.slug}").json()


def paid(address: Address) -> list[Any]:
    rows = httpx.get(f"{address.http}/data-api/v2/resolutions", params={"condition": MARKET.condition_id}).json()
    return [row["payouts"] for row in rows["data"]]


def domain_ms(address: Address) -> int:
    return httpx.get(f"{address.http}/sim/clock").json()["domain_ms"]


async def test_a_wrong_winner_is_named_and_then_corrected(address: Address) -> None:
    switch(address, "resolution_corrected", delay_ms=LATE_MS)

    async with from_the_start(address) as connection:
        assert await next_winner(connection) == DOWN
        assert (named(address), listed(address)["closed"], paid(address)) == ([DOWN], False, [])
        assert await next_winner(connection) == UP

    assert (named(address), listed(address)["outcomePrices"], paid(address)) == ([UP], '["1", "0"]', [[1_000_000, 0]])


async def test_a_market_is_resolved_late(address: Address) -> None:
    switch(address, "resolution_late", delay_ms=LATE_MS)

    async with from_the_start(address) as connection:
        assert await next_winner(connection) == UP

    assert domain_ms(address) >= (MARKET.end + 55) * 1000 + LATE_MS


async def test_the_market_socket_never_tells_of_a_resolution(address: Address) -> None:
    switch(address, "resolved_event_lost")

    async with from_the_start(address) as connection:
        await asyncio.to_thread(until, lambda: listed(address)["closed"])
        await connection.send("PING")
        heard: list[str] = []
        while (text := str(await connection.recv())) != "PONG":
            heard.append(text)

    assert heard
    assert not [text for text in heard if "market_resolved" in text]
