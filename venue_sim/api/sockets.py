"""The market, user and price sockets."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar, cast

import msgspec
from starlette.routing import BaseRoute, WebSocketRoute
from starlette.websockets import WebSocket, WebSocketDisconnect

from venue_sim import credentials, wire
from venue_sim.api.connection import Connection
from venue_sim.api.hub import Hub, MarketSubscriber, PriceSubscriber, UserSubscriber
from venue_sim.facts import KeyIssued
from venue_sim.faults.frames import MARKET, PRICE, USER, Channel, Passing
from venue_sim.flow.source import SPOT, TWAP
from venue_sim.prices import TWAP_SECONDS
from venue_sim.world import World

Message = dict[str, Any]
Item = TypeVar("Item")
BAD_AUTH = 4001
POLICY = 4008
TRY_AGAIN = 1013
LARGEST_FRAME = 64 * 1024
MOST_SUBSCRIPTIONS = 64
MOST_AUTHS = 8


class Sockets:
    """Handlers under /ws."""

    def __init__(self, world: World, hub: Hub) -> None:
        self._world = world
        self._hub = hub

    def routes(self) -> list[BaseRoute]:
        return [
            WebSocketRoute("/ws/market", self.market),
            WebSocketRoute("/ws/user", self.user),
            WebSocketRoute("/ws/price", self.price),
        ]

    async def market(self, socket: WebSocket) -> None:
        if not await self._accepted(socket):
            return
        subscriber = MarketSubscriber(self._connection(socket, MARKET))
        try:
            await _serve(socket, subscriber.connection, lambda text: self._market_message(subscriber, text))
        finally:
            self._hub.leave(subscriber)

    async def user(self, socket: WebSocket) -> None:
        if not await self._accepted(socket):
            return
        connection = self._connection(socket, USER)
        subscribers: list[UserSubscriber] = []
        try:
            await _serve(socket, connection, lambda text: self._user_message(connection, subscribers, text))
        finally:
            self._hub.users.difference_update(subscribers)

    async def price(self, socket: WebSocket) -> None:
        if not await self._accepted(socket):
            return
        session = _PriceSession(PriceSubscriber(self._connection(socket, PRICE)), self._world, self._hub)
        self._hub.prices.add(session.subscriber)
        try:
            await _serve(socket, session.subscriber.connection, session.message)
        finally:
            self._hub.prices.discard(session.subscriber)

    async def _market_message(self, subscriber: MarketSubscriber, text: str) -> None:
        if text == "PING":
            subscriber.connection.push("PONG")
            return
        message = _object(text)
        if message is None:
            subscriber.connection.push("INVALID OPERATION")
            return
        assets = _strings(message.get("assets_ids"))
        if message.get("operation") == "unsubscribe":
            self._hub.unfollow(subscriber, assets)
            return
        if message.get("custom_feature_enabled") is True:
            subscriber.custom_features = True
        if message.get("type") in {"market", "MARKET"} or message.get("operation") == "subscribe":
            self._hub.follow(subscriber, assets)
        else:
            subscriber.connection.push("INVALID OPERATION")

    async def _user_message(self, connection: Connection, subscribers: list[UserSubscriber], text: str) -> None:
        if text == "PING":
            connection.push("PONG")
            return
        message = _object(text) or {}
        if not subscribers:
            key = self._key(message)
            if message.get("type") not in {"user", "USER"} or key is None:
                await connection.close(BAD_AUTH)
                return
            markets = _conditions(message)
            subscribers.append(UserSubscriber(connection, key.api_key, set(markets) if markets else None))
            self._hub.users.update(subscribers)
            return
        _change_markets(subscribers[0], message)

    async def _accepted(self, socket: WebSocket) -> bool:
        await socket.accept()
        if self._world.exchange.faults.strikes("sockets_refused"):
            await socket.close(TRY_AGAIN)
            return False
        return True

    def _connection(self, socket: WebSocket, channel: Channel) -> Connection:
        return Connection(socket, Passing(channel, self._world.exchange.faults))

    def _key(self, message: Message) -> KeyIssued | None:
        auth = message.get("auth")
        if not isinstance(auth, dict):
            return None
        return credentials.authenticate_socket(self._world.exchange.state, cast("Message", auth))


class _PriceSession:
    """One PolyBolt connection: authenticate, then subscribe item by item."""

    def __init__(self, subscriber: PriceSubscriber, world: World, hub: Hub) -> None:
        self.subscriber = subscriber
        self._world = world
        self._hub = hub
        self._authenticated = False
        self._auths = 0

    async def message(self, text: str) -> None:
        message = _object(text)
        if len(text) > LARGEST_FRAME or message is None:
            await self.subscriber.connection.close(POLICY)
            return
        rid = str(message.get("rid", ""))
        match message.get("op"):
            case "auth":
                await self._auth(message, rid)
            case "ping":
                self._reply({"op": "pong", "rid": rid})
            case "subscribe" | "unsubscribe" if not self._authenticated:
                self._reply({"op": "error", "rid": rid, "code": "auth_required"})
            case "subscribe":
                for item in _items(message):
                    self._subscribe(item, rid)
            case "unsubscribe":
                for item in _items(message):
                    self._unsubscribe(item, rid)
            case _:
                self._reply({"op": "error", "rid": rid, "code": "bad_op"})

    async def _auth(self, message: Message, rid: str) -> None:
        self._auths += 1
        auth = message.get("auth")
        fields = cast("Message", auth) if isinstance(auth, dict) else {}
        if self._auths > MOST_AUTHS or not credentials.authenticate_socket(self._world.exchange.state, fields):
            code = "auth_attempts" if self._auths > MOST_AUTHS else "auth_invalid"
            self._reply({"op": "error", "rid": rid, "code": code})
            self.subscriber.connection.push_close(BAD_AUTH)
            return
        self._authenticated = True
        self._reply({"op": "authed", "rid": rid})

    def _subscribe(self, item: Message, rid: str) -> None:
        channel, symbol = str(item.get("channel")), self._symbol(item)
        refusal = self._refusal(channel, symbol)
        if symbol is None or refusal:
            self._reply({"op": "error", "rid": rid, "channel": channel, "code": refusal})
            return
        self.subscriber.subscriptions.add((channel, symbol))
        self._reply({"op": "subscribed", "rid": rid, "channel": channel})
        ticks = self._world.tape.recent(channel, symbol)
        if ticks:
            self._hub.send_price_snapshot(self.subscriber, ticks)

    def _refusal(self, channel: str, symbol: str | None) -> str:
        if channel not in {SPOT, TWAP}:
            return "bad_channel"
        if symbol is None:
            return "bad_filter"
        return "sub_limit" if len(self.subscriber.subscriptions) >= MOST_SUBSCRIPTIONS else ""

    def _unsubscribe(self, item: Message, rid: str) -> None:
        channel, symbol = str(item.get("channel")), self._symbol(item)
        self.subscriber.subscriptions.discard((channel, symbol or ""))
        self._reply({"op": "unsubscribed", "rid": rid, "channel": channel})

    def _symbol(self, item: Message) -> str | None:
        """The symbol of a valid filter; only a window of 60 seconds exists."""
        wanted = item.get("filter")
        fields = cast("Message", wanted) if isinstance(wanted, dict) else {}
        symbol = fields.get("symbol")
        if not isinstance(symbol, str):
            return None
        if item.get("channel") == TWAP and fields.get("window_seconds", TWAP_SECONDS) != TWAP_SECONDS:
            return None
        return symbol.lower()

    def _reply(self, payload: Message) -> None:
        self.subscriber.connection.push(wire.encode(payload).decode())


async def _serve(socket: WebSocket, connection: Connection, on_text: Callable[[str], Awaitable[None]]) -> None:
    """Reads until the peer leaves, writing beside it."""
    writer = asyncio.create_task(connection.write())
    try:
        while True:
            message = await socket.receive()
            if message["type"] == "websocket.disconnect":
                return
            await on_text(message.get("text") or (message.get("bytes") or b"").decode("utf-8", "replace"))
    except (WebSocketDisconnect, RuntimeError):
        return
    finally:
        writer.cancel()


def _object(text: str) -> Message | None:
    try:
        value = msgspec.json.decode(text)
    except (msgspec.MsgspecError, RecursionError):
        return None
    return cast("Message", value) if isinstance(value, dict) else None


def _strings(value: object) -> list[str]:
    return [item for item in cast("list[object]", value) if isinstance(item, str)] if isinstance(value, list) else []


def _items(message: Message) -> list[Message]:
    value = message.get("subscriptions")
    if not isinstance(value, list):
        return []
    return [cast("Message", item) for item in cast("list[object]", value) if isinstance(item, dict)]


def _conditions(message: Message) -> list[str]:
    """Condition ids; a v2 one may come unpadded (which of the two the venue wants is not established)."""
    return [text if len(text) != 64 else text + "00" for text in _strings(message.get("markets"))]


def _change_markets(subscriber: UserSubscriber, message: Message) -> None:
    markets = set(_conditions(message))
    if message.get("operation") == "subscribe":
        subscriber.markets = (subscriber.markets or set()) | markets
    elif message.get("operation") == "unsubscribe" and subscriber.markets is not None:
        subscriber.markets -= markets
