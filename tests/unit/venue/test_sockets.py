"""Sockets that come back by themselves and say when they were gone."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any, cast

import pytest
from websockets.asyncio.server import ServerConnection, serve

from shared.domain.ids import Coin, TokenId
from shared.venue.auth import Credentials
from shared.venue.frames.market import BookSnapshot
from shared.venue.frames.price import PriceAck, PriceTick
from shared.venue.frames.user import OrderEvent
from shared.venue.mailbox import Mailbox, Overflowed
from shared.venue.market_socket import MAX_TOKENS, MarketSocket, TooManyTokensError
from shared.venue.price_socket import PACE, PriceSocket
from shared.venue.sockets import Connected, Disconnected, Pace
from shared.venue.user_socket import UserSocket
from shared.venue.wire import Parsed
from tests.fixtures.venue import ADDRESS, API_KEY, UP, text_of

CREDENTIALS = Credentials(ADDRESS, API_KEY, "A" * 43 + "=", "pass")
AT_ONCE = Pace(backoff_seconds=0, backoff_max_seconds=0, steady_seconds=0)
Talk = Callable[[ServerConnection], Awaitable[None]]


@asynccontextmanager
async def venue(talk: Talk) -> AsyncGenerator[str]:
    async with serve(talk, "127.0.0.1", 0) as server:
        port = next(iter(server.sockets)).getsockname()[1]
        yield f"ws://127.0.0.1:{port}/ws"


class Seen:
    """What the consumer was handed, in order."""

    def __init__(self) -> None:
        self.box: Mailbox[Any] = Mailbox()

    async def next(self, kind: type[Any]) -> Any:
        """The next value of that kind; of a frame, its first event of that kind."""
        while True:
            value = await self.box.get()
            for each in cast("tuple[Any, ...]", value.items if isinstance(value, Parsed) else (value,)):
                if isinstance(each, kind):
                    return each


@asynccontextmanager
async def running(socket: MarketSocket | UserSocket | PriceSocket) -> AsyncGenerator[None]:
    task = asyncio.create_task(socket.run())
    try:
        async with asyncio.timeout(10):
            yield
    finally:
        await socket.close()
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def test_a_market_socket_subscribes_and_hands_on_frames() -> None:
    heard: list[dict[str, Any]] = []

    async def talk(connection: ServerConnection) -> None:
        heard.append(json.loads(await connection.recv()))
        await connection.send(text_of("book"))
        await connection.wait_closed()

    seen = Seen()
    async with venue(talk) as url:
        socket = MarketSocket(url, seen.box.put)
        socket.subscribe([TokenId(UP)])
        async with running(socket):
            assert await seen.next(Connected) == Connected(0)
            assert (await seen.next(BookSnapshot)).token == UP
    assert heard == [{"type": "market", "assets_ids": [UP], "custom_feature_enabled": True}]


async def test_later_wishes_go_out_together() -> None:
    heard: asyncio.Queue[dict[str, Any]] = asyncio.Queue()

    async def talk(connection: ServerConnection) -> None:
        async for text in connection:
            heard.put_nowait(json.loads(text))

    seen = Seen()
    async with venue(talk) as url:
        socket = MarketSocket(url, seen.box.put)
        async with running(socket):
            await seen.next(Connected)
            await heard.get()
            socket.subscribe([TokenId("1")])
            socket.subscribe([TokenId("2")])
            assert await heard.get() == {
                "operation": "subscribe",
                "assets_ids": ["1", "2"],
                "custom_feature_enabled": True,
            }
            socket.unsubscribe([TokenId("1")])
            assert await heard.get() == {"operation": "unsubscribe", "assets_ids": ["1"]}


async def test_a_lost_connection_is_told_and_the_next_one_subscribes_anew() -> None:
    heard: list[dict[str, Any]] = []

    async def talk(connection: ServerConnection) -> None:
        heard.append(json.loads(await connection.recv()))
        await connection.send(text_of("book"))
        if len(heard) > 1:
            await connection.wait_closed()

    seen = Seen()
    async with venue(talk) as url:
        socket = MarketSocket(url, seen.box.put, pace=AT_ONCE)
        socket.subscribe([TokenId(UP)])
        async with running(socket):
            kinds: list[object] = [type(await seen.next(object)) for _ in range(5)]
    assert kinds == [Connected, BookSnapshot, Disconnected, Connected, BookSnapshot]
    assert [frame["assets_ids"] for frame in heard] == [[UP], [UP]]


async def test_a_venue_that_is_not_there_is_told() -> None:
    seen = Seen()
    socket = MarketSocket("ws://127.0.0.1:1/ws", seen.box.put, pace=AT_ONCE)
    async with running(socket):
        assert "cannot connect" in (await seen.next(Disconnected)).reason


async def test_the_close_code_is_told() -> None:
    async def talk(connection: ServerConnection) -> None:
        await connection.close(4001, "auth")

    seen = Seen()
    async with venue(talk) as url:
        socket = MarketSocket(url, seen.box.put, pace=AT_ONCE)
        async with running(socket):
            ended = await seen.next(Disconnected)
    assert ended.code == 4001


async def test_connections_that_speak_and_end_at_once_are_made_after_growing_pauses() -> None:
    async def talk(connection: ServerConnection) -> None:
        await connection.recv()
        await connection.send(text_of("book"))

    seen = Seen()
    async with venue(talk) as url:
        socket = MarketSocket(url, seen.box.put, pace=replace(AT_ONCE, steady_seconds=3600))
        socket.subscribe([TokenId(UP)])
        async with running(socket):
            assert [await seen.next(Connected) for _ in range(3)] == [Connected(0), Connected(1), Connected(2)]


async def test_a_ping_in_text_is_answered_and_its_answer_is_no_frame() -> None:
    heard: asyncio.Queue[str] = asyncio.Queue()

    async def talk(connection: ServerConnection) -> None:
        async for text in connection:
            heard.put_nowait(str(text))
            if text == "PING":
                await connection.send("PONG")
                await connection.send(text_of("book"))

    seen = Seen()
    taps: list[str] = []
    async with venue(talk) as url:
        socket = MarketSocket(url, seen.box.put, tap=taps.append, pace=Pace(ping_seconds=0.01))
        async with running(socket):
            await heard.get()
            assert await heard.get() == "PING"
            await seen.next(BookSnapshot)
    assert taps[0] == text_of("book")


async def test_a_silent_connection_is_given_up() -> None:
    async def talk(connection: ServerConnection) -> None:
        await connection.wait_closed()

    seen = Seen()
    pace = Pace(ping_seconds=0.01, silence_seconds=0.03, backoff_seconds=0)
    async with venue(talk) as url:
        socket = MarketSocket(url, seen.box.put, pace=pace)
        async with running(socket):
            await seen.next(Connected)
            assert "silent" in (await seen.next(Disconnected)).reason
            await seen.next(Connected)


async def test_a_price_stream_that_says_nothing_is_given_up() -> None:
    async def talk(connection: ServerConnection) -> None:
        await connection.wait_closed()

    seen = Seen()
    pace = replace(PACE, silence_seconds=0.03, backoff_seconds=0)
    async with venue(talk) as url, running(PriceSocket(url, CREDENTIALS, seen.box.put, pace=pace)):
        await seen.next(Connected)
        assert "silent" in (await seen.next(Disconnected)).reason
        await seen.next(Connected)


async def test_a_watchdog_may_end_a_connection_it_distrusts() -> None:
    async def talk(connection: ServerConnection) -> None:
        await connection.wait_closed()

    seen = Seen()
    async with venue(talk) as url:
        socket = MarketSocket(url, seen.box.put, pace=AT_ONCE)
        async with running(socket):
            await seen.next(Connected)
            await socket.reconnect("no data")
            assert "no data" in (await seen.next(Disconnected)).reason


async def test_an_error_of_the_consumer_ends_the_socket() -> None:
    async def talk(connection: ServerConnection) -> None:
        await connection.send(text_of("book"))
        await connection.wait_closed()

    def consume(value: object) -> None:
        if isinstance(value, Parsed):
            raise RuntimeError("consumer")

    async with venue(talk) as url:
        with pytest.raises(ExceptionGroup) as group:
            await MarketSocket(url, consume).run()
    assert group.group_contains(RuntimeError, match="consumer")


async def test_more_tokens_than_a_connection_carries_are_refused() -> None:
    socket = MarketSocket("ws://127.0.0.1:1/ws", lambda _: None)
    with pytest.raises(TooManyTokensError):
        socket.subscribe([TokenId(str(number)) for number in range(MAX_TOKENS + 1)])


async def test_a_user_socket_logs_in_with_its_first_word() -> None:
    heard: list[dict[str, Any]] = []

    async def talk(connection: ServerConnection) -> None:
        heard.append(json.loads(await connection.recv()))
        await connection.send(text_of("user_order"))
        await connection.wait_closed()

    seen = Seen()
    async with venue(talk) as url, running(UserSocket(url, CREDENTIALS, seen.box.put)):
        await seen.next(Connected)
        assert (await seen.next(OrderEvent)).order.token == UP
    auth = {"apiKey": API_KEY, "secret": CREDENTIALS.secret, "passphrase": "pass"}
    assert heard == [{"type": "user", "auth": auth}]


async def test_a_price_socket_logs_in_and_then_subscribes() -> None:
    heard: list[dict[str, Any]] = []

    async def talk(connection: ServerConnection) -> None:
        heard.append(json.loads(await connection.recv()))
        await connection.send('{"op":"authed","rid":"auth"}')
        heard.append(json.loads(await connection.recv()))
        await connection.send('{"op":"subscribed","rid":"s1","channel":"price.crypto.twap"}')
        await connection.send(text_of("price_twap"))
        await connection.wait_closed()

    seen = Seen()
    async with venue(talk) as url:
        socket = PriceSocket(url, CREDENTIALS, seen.box.put)
        socket.subscribe([Coin("btc")])
        async with running(socket):
            assert (await seen.next(PriceAck)).op == "authed"
            assert (await seen.next(PriceAck)).op == "subscribed"
            assert (await seen.next(PriceTick)).coin == "btc"
    assert heard[0]["op"] == "auth"
    assert heard[1]["subscriptions"] == [
        {"channel": "price.crypto.twap", "filter": {"symbol": "btcusd", "window_seconds": 60}},
        {"channel": "price.crypto", "filter": {"symbol": "btcusd"}},
    ]


async def test_coins_wished_later_are_subscribed_once_logged_in() -> None:
    heard: asyncio.Queue[dict[str, Any]] = asyncio.Queue()

    async def talk(connection: ServerConnection) -> None:
        async for text in connection:
            message = json.loads(text)
            heard.put_nowait(message)
            if message["op"] == "auth":
                await connection.send('{"op":"authed","rid":"auth"}')

    seen = Seen()
    async with venue(talk) as url:
        socket = PriceSocket(url, CREDENTIALS, seen.box.put)
        async with running(socket):
            await seen.next(PriceAck)
            await heard.get()
            socket.subscribe([Coin("eth")])
            message = await heard.get()
    assert {item["filter"]["symbol"] for item in message["subscriptions"]} == {"ethusd"}


async def test_a_mailbox_keeps_order() -> None:
    box: Mailbox[int] = Mailbox()
    for number in (1, 2, 3):
        box.put(number)
    assert [await box.get() for _ in range(3)] == [1, 2, 3]


async def test_a_full_mailbox_is_emptied_and_says_so() -> None:
    box: Mailbox[int] = Mailbox(limit=2)
    for number in (1, 2, 3):
        box.put(number)
    assert [await box.get() for _ in range(2)] == [Overflowed(2), 3]


async def test_a_reader_waits_for_the_next_value() -> None:
    box: Mailbox[int] = Mailbox()
    reader = asyncio.create_task(box.get())
    await asyncio.sleep(0)
    box.put(7)
    assert await reader == 7
