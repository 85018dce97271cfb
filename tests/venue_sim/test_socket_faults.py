"""Faults of the three sockets, and of what becomes of a market, at a running simulator."""

import asyncio
import json
from collections.abc import AsyncGenerator, Iterator
from contextlib import asynccontextmanager
from typing import Any

import httpx
import pytest
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

from tests.venue_sim.faulty import MARKET, SLOT, fault, still_book, switch, until
from tests.venue_sim.process import Address, set_clock, simulator
from tests.venue_sim.signing import Account

PRICES = {"channel": "price.crypto.twap", "filter": {"symbol": "btcusd", "window_seconds": 60}}


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Address]:
    recording = still_book(tmp_path_factory.mktemp("recording"))
    options = ("--protocol-version", "v1", "--balance", "100000", "--orders-per-second", "0")
    with simulator("--recording", str(recording), *options) as running:
        set_clock(running, speed=4, domain_s=SLOT)
        until(lambda: httpx.get(f"{running.http}/book", params={"token_id": MARKET.tokens[0]}).json()["asks"])
        yield running


@pytest.fixture(scope="module")
def account(address: Address) -> Account:
    return Account(address, 0x61)


@asynccontextmanager
async def market_socket(address: Address) -> AsyncGenerator[ClientConnection]:
    """Subscribed to Up, its first book read."""
    greeting = {"type": "market", "assets_ids": [MARKET.tokens[0]], "custom_feature_enabled": True}
    async with connect(f"{address.ws}/market", compression=None) as connection:
        await connection.send(json.dumps(greeting))
        await connection.recv()
        yield connection


@asynccontextmanager
async def user_socket(address: Address, account: Account) -> AsyncGenerator[ClientConnection]:
    async with connect(f"{address.ws}/user", compression=None) as connection:
        await connection.send(json.dumps({"type": "user", "auth": account.key, "markets": []}))
        assert await until_pong(connection) == []
        yield connection


@asynccontextmanager
async def price_socket(address: Address, account: Account) -> AsyncGenerator[ClientConnection]:
    """Subscribed, its snapshot read."""
    async with connect(f"{address.ws}/price", compression=None) as connection:
        await connection.send(json.dumps({"op": "auth", "rid": "1", "auth": account.key}))
        await connection.send(json.dumps({"op": "subscribe", "rid": "2", "subscriptions": [PRICES]}))
        while not json.loads(await connection.recv()).get("snapshot"):
            pass
        yield connection


async def until_pong(connection: ClientConnection) -> list[str]:
    """What the socket still carries: every frame before the answer to a PING sent now."""
    await connection.send("PING")
    heard: list[str] = []
    async with asyncio.timeout(20):
        while (text := await connection.recv()) != "PONG":
            heard.append(str(text))
    return heard


async def bids(account: Account, *prices: str) -> list[str]:
    """Ids of post-only bids, placed one after the other."""
    placed: list[str] = []
    for price in prices:
        body = account.signed(MARKET, outcome=0, price=price, shares="10")
        answer = await asyncio.to_thread(account.send, "POST", "/order", body)
        answer.raise_for_status()
        placed.append(account.last_id)
    return placed


def changed(frames: list[str]) -> list[str]:
    """The prices of the levels that changed."""
    return [change["price"] for text in frames for change in json.loads(text).get("price_changes", [])]


# The market socket


async def test_a_silent_market_socket_answers_pings_and_a_new_one_is_sound(address: Address, account: Account) -> None:
    async with market_socket(address) as old:
        with fault(address, "market_socket_silent"):
            async with market_socket(address) as new:
                await bids(account, "0.41")
                assert (changed(await until_pong(old)), changed(await until_pong(new))) == ([], ["0.41"])
        await bids(account, "0.42")
        assert changed(await until_pong(old)) == ["0.42"]


async def test_market_sockets_are_closed(address: Address) -> None:
    async with market_socket(address) as connection:
        switch(address, "market_socket_dropped")
        with pytest.raises(ConnectionClosed) as closed:
            await connection.recv()
    assert closed.value.rcvd is not None
    assert closed.value.rcvd.code == 1001


async def test_a_frozen_market_says_nothing(address: Address, account: Account) -> None:
    async with market_socket(address) as connection:
        with fault(address, "market_frozen"):
            await bids(account, "0.43")
            assert await until_pong(connection) == []


async def test_market_frames_are_lost(address: Address, account: Account) -> None:
    async with market_socket(address) as connection:
        with fault(address, "market_frames_lost", times=1):
            await bids(account, "0.44", "0.45")
            assert changed(await until_pong(connection)) == ["0.45"]


async def test_market_frames_come_twice(address: Address, account: Account) -> None:
    async with market_socket(address) as connection:
        with fault(address, "market_frames_duplicated", times=1):
            await bids(account, "0.46", "0.47")
            assert changed(await until_pong(connection)) == ["0.46", "0.46", "0.47"]


async def test_a_market_frame_comes_after_the_next_one(address: Address, account: Account) -> None:
    async with market_socket(address) as connection:
        with fault(address, "market_frames_reordered", times=1):
            await bids(account, "0.48", "0.49", "0.50")
            assert changed(await until_pong(connection)) == ["0.49", "0.48", "0.5"]


async def test_market_frames_are_cut_in_half(address: Address, account: Account) -> None:
    async with market_socket(address) as connection:
        with fault(address, "market_frames_malformed", times=1):
            await bids(account, "0.51")
            (text,) = await until_pong(connection)
    with pytest.raises(ValueError, match=r"Unterminated|Expecting"):
        json.loads(text)


async def test_a_book_is_shown_without_levels(address: Address, account: Account) -> None:
    async with market_socket(address) as connection:
        with fault(address, "book_emptied"):
            await bids(account, "0.52")
            (text,) = await until_pong(connection)
    frame = json.loads(text)
    assert (frame["event_type"], frame["bids"], frame["asks"]) == ("book", [], [])
    assert account.get("/book", token_id=MARKET.tokens[0])["bids"]


async def test_every_tick_becomes_finer(address: Address) -> None:
    async with market_socket(address) as connection:
        switch(address, "tick_changed")
        (text,) = await until_pong(connection)
    frame = json.loads(text)
    assert (frame["event_type"], frame["old_tick_size"], frame["new_tick_size"]) == (
        "tick_size_change",
        "0.01",
        "0.001",
    )


# The user socket


def kinds(frames: list[str]) -> list[tuple[str, str]]:
    """(order id, type) of the order events."""
    events = [json.loads(text) for text in frames]
    return [(event["id"], event["type"]) for event in events if event["event_type"] == "order"]


async def test_a_silent_user_socket_answers_pings_and_a_new_one_is_sound(address: Address, account: Account) -> None:
    async with user_socket(address, account) as old:
        with fault(address, "user_socket_silent"):
            async with user_socket(address, account) as new:
                (order,) = await bids(account, "0.41")
                assert (await until_pong(old), kinds(await until_pong(new))) == ([], [(order, "PLACEMENT")])


async def test_user_sockets_are_closed(address: Address, account: Account) -> None:
    async with user_socket(address, account) as connection:
        switch(address, "user_socket_dropped")
        with pytest.raises(ConnectionClosed):
            await connection.recv()


async def test_user_events_are_lost_twice_told_and_told_late(address: Address, account: Account) -> None:
    async with user_socket(address, account) as connection:
        with fault(address, "user_events_lost", times=1):
            _, second = await bids(account, "0.41", "0.42")
            assert kinds(await until_pong(connection)) == [(second, "PLACEMENT")]
        with fault(address, "user_events_duplicated", times=1):
            (order,) = await bids(account, "0.43")
            assert kinds(await until_pong(connection)) == [(order, "PLACEMENT")] * 2
        with fault(address, "user_events_reordered", times=1):
            first, second = await bids(account, "0.44", "0.45")
            assert [order for order, _ in kinds(await until_pong(connection))] == [second, first]


async def test_order_events_lack_fields_and_milliseconds(address: Address, account: Account) -> None:
    async with user_socket(address, account) as connection:
        with fault(address, "order_fields_missing", times=1), fault(address, "event_seconds", times=1):
            await bids(account, "0.47", "0.48")
            bare, whole = [json.loads(text) for text in await until_pong(connection)]
    assert bare.keys() == whole.keys() - {"status"}
    assert bare["size_matched"] == ""
    assert len(bare["timestamp"]) == len(whole["timestamp"]) - 3


@pytest.mark.parametrize("name", ["market", "user", "price"])
async def test_new_sockets_are_closed_at_once(address: Address, name: str) -> None:
    with fault(address, "sockets_refused"):
        async with connect(f"{address.ws}/{name}", compression=None) as connection:
            await connection.wait_closed()
    assert connection.close_code == 1013


async def test_a_wipe_is_told(address: Address, account: Account) -> None:
    (order,) = await bids(account, "0.46")
    async with user_socket(address, account) as connection:
        switch(address, "orders_wiped")
        assert (order, "CANCELLATION") in kinds(await until_pong(connection))


async def test_trade_events_lack_makers_and_tell_of_retries(address: Address, account: Account) -> None:
    taker = Account(address, 0x62)
    async with user_socket(address, account) as connection:
        with fault(address, "trade_retries", delay_ms=10), fault(address, "makers_missing"):
            await bids(account, "0.80")
            await asyncio.to_thread(taker.post, MARKET, outcome=1, price="0.20", shares="10")
            trades = await trade_events(connection, "CONFIRMED")
    assert [trade["status"] for trade in trades] == ["MATCHED", "RETRYING", "MINED", "CONFIRMED"]
    assert [trade["maker_orders"] for trade in trades] == [[]] * 4


async def test_a_failed_trade_is_told(address: Address, account: Account) -> None:
    taker = Account(address, 0x63)
    async with user_socket(address, account) as connection:
        with fault(address, "trade_fails", delay_ms=10), fault(address, "maker_side_missing"):
            await bids(account, "0.80")
            await asyncio.to_thread(taker.post, MARKET, outcome=1, price="0.20", shares="10")
            trades = await trade_events(connection, "FAILED")
    assert [trade["status"] for trade in trades] == ["MATCHED", "RETRYING", "FAILED"]
    assert not any("side" in maker for trade in trades for maker in trade["maker_orders"])


async def trade_events(connection: ClientConnection, last: str) -> list[dict[str, Any]]:
    trades: list[dict[str, Any]] = []
    async with asyncio.timeout(20):
        while not trades or trades[-1]["status"] != last:
            event = json.loads(await connection.recv())
            trades += [event] if event["event_type"] == "trade" else []
    return trades


# The price stream


async def sequence(connection: ClientConnection) -> int:
    async with asyncio.timeout(20):
        return json.loads(await connection.recv())["seq"]


async def test_a_lost_price_leaves_a_gap_in_the_sequence(address: Address, account: Account) -> None:
    async with price_socket(address, account) as connection:
        before = await sequence(connection)
        with fault(address, "price_frames_lost", times=1):
            assert await sequence(connection) == before + 2


async def test_a_silent_price_stream_says_nothing_and_a_new_one_is_sound(address: Address, account: Account) -> None:
    async with price_socket(address, account) as old:
        await sequence(old)
        with fault(address, "price_socket_silent"):
            async with price_socket(address, account) as new:
                await sequence(new)
            await old.send(json.dumps({"op": "ping", "rid": "9"}))
            while (frame := json.loads(await old.recv())).get("op") != "pong":
                assert frame["seq"]


async def test_a_draining_price_stream_closes(address: Address, account: Account) -> None:
    async with price_socket(address, account) as connection:
        switch(address, "price_socket_dropped")
        async with asyncio.timeout(20):
            await connection.wait_closed()
    assert connection.close_code == 4003
