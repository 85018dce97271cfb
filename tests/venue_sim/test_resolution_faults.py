"""A market's end, told late, told wrong, or not told, at a running simulator whose quarter hour passes in seconds."""

import asyncio
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from websockets.asyncio.client import connect

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


async def resolutions(address: Address, count: int) -> list[str]:
    """The winners that the market socket names, from the slot's start on."""
    winners: list[str] = []
    async with connect(f"{address.ws}/market", compression=None) as connection, asyncio.timeout(30):
        greeting = {"type": "market", "assets_ids": [UP], "custom_feature_enabled": True}
        await connection.send(json.dumps(greeting))
        await connection.send("PING")
        assert await connection.recv() == "PONG"
        set_clock(address, speed=SPEED, domain_s=SLOT)
        while len(winners) < count:
            frame = json.loads(await connection.recv())
            winners += [frame["winning_asset_id"]] if frame.get("event_type") == "market_resolved" else []
            if count == 2 and len(winners) == 1:
                assert (named(address), listed(address)["closed"], paid(address)) == ([DOWN], False, [])
    return winners


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

    assert await resolutions(address, 2) == [DOWN, UP]

    assert (named(address), listed(address)["outcomePrices"], paid(address)) == ([UP], '["1", "0"]', [[1_000_000, 0]])


async def test_a_market_is_resolved_late(address: Address) -> None:
    switch(address, "resolution_late", delay_ms=LATE_MS)

    assert await resolutions(address, 1) == [UP]

    assert domain_ms(address) >= (MARKET.end + 55) * 1000 + LATE_MS


def test_the_market_socket_never_tells_of_a_resolution(address: Address) -> None:
    switch(address, "resolved_event_lost")

    async def told() -> list[str]:
        async with asyncio.timeout(4):
            return await resolutions(address, 1)

    with pytest.raises(TimeoutError):
        asyncio.run(told())
    until(lambda: listed(address)["closed"])
