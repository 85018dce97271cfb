"""The simulated venue without sockets: its own application, asked over a network that loses, delays and repeats."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Mapping, MutableMapping
from dataclasses import dataclass, field
from datetime import datetime
from itertools import count
from pathlib import Path
from random import Random
from typing import Any, cast
from urllib.parse import unquote, urlsplit

import httpx
from starlette.applications import Starlette
from websockets.exceptions import ConnectionClosedError
from websockets.frames import Close

from cli.simulate.clock import VirtualClock
from cli.simulate.life import Life, begin, living
from shared.venue.errors import MayHaveBeenSentError, NotSentError
from shared.venue.http import BeforeWrite, HttpClient, Response, WriteRefusedError
from shared.venue.sockets import Line
from venue_sim.api.app import build_app
from venue_sim.api.hang_up import HungUpError
from venue_sim.bootstrap import Simulator, build
from venue_sim.settings import Options, parse_options

HOP_SECONDS = (0.002, 0.03)
STUCK_SECONDS = 7.0
"""Less than the executor allows between the last write of an order and its proof that it is absent."""
ABNORMAL = 1006
ORDER_PATH = "/order"
Message = MutableMapping[str, Any]


@dataclass(slots=True)
class Weather:
    """Of the network between us and the venue: chances of a request, 0 to 1, and of seconds more for a message."""

    request_lost: float = 0.0
    request_stuck: float = 0.0
    answer_lost: float = 0.0
    slow: float = 0.0
    slow_seconds: float = 3.0
    frame_lost: float = 0.0
    frame_repeated: float = 0.0


@dataclass(frozen=True, slots=True)
class Request:
    """`target` is the path with its query."""

    method: str
    target: str
    headers: Mapping[str, str] = field(default_factory=dict[str, str])
    body: bytes = b""

    @property
    def is_order(self) -> bool:
        return self.method == "POST" and self.target == ORDER_PATH


@dataclass(slots=True)
class _Answer:
    status: int = 0
    headers: dict[str, str] = field(default_factory=dict[str, str])
    body: bytes = b""


class Venue:
    """One venue; `folder` keeps its journal over its restarts."""

    def __init__(self, options: tuple[str, ...], folder: Path, clock: VirtualClock, chance: Random) -> None:
        self.weather = Weather()
        self.orders_written: deque[tuple[datetime, bytes]] = deque()
        """Orders as they went out, and when."""
        self.order_arrived: Callable[[bytes], None] = lambda _: None
        """Told of each that the venue has looked at, as it was written."""
        self.life = Life("venue")
        self._options: Options = parse_options(["--port", "0", *options, "--journal", str(folder)])
        self._clock = clock
        self._chance = chance
        self._lines: set[_Line] = set()
        self._numbers = count(1)
        self._waiting: list[asyncio.Future[_Answer | None]] = []
        self.simulator = self._open()

    @property
    def is_up(self) -> bool:
        return self.life.is_alive

    def start(self) -> None:
        if not self.is_up:
            self.life = Life("venue")
            self.simulator = self._open()
        begin(self.simulator.world.run(), self.life.context())

    def stop(self) -> None:
        """As by a crash; its journal has what it accepted. Every connection breaks."""
        self.life.die()
        self.simulator.journal.close()
        for line in sorted(self._lines, key=lambda line: line.number):
            line.end(ABNORMAL)
        self._lines.clear()
        for answered in self._waiting:
            if not answered.done():
                answered.set_result(None)
        self._waiting.clear()

    async def hop(self) -> None:
        await asyncio.sleep(self._delay())

    def _delay(self) -> float:
        delay = self._chance.uniform(*HOP_SECONDS)
        if self._chance.random() < self.weather.slow:
            delay += self._chance.uniform(0.0, self.weather.slow_seconds)
        return delay

    # requests

    async def ask(self, request: Request) -> _Answer | None:
        """What is written goes on its way, whatever becomes of the sender. None when the connection broke; the answer
        may also never come."""
        loop = asyncio.get_running_loop()
        answered: asyncio.Future[_Answer | None] = loop.create_future()
        self._waiting.append(answered)
        if request.is_order:
            self.orders_written.append((self._clock.wall(), request.body))
        begin(self._carry(request, answered), self.life.context())
        try:
            return await answered
        finally:
            if answered in self._waiting:
                self._waiting.remove(answered)

    async def _carry(self, request: Request, answered: asyncio.Future[_Answer | None]) -> None:
        await self.hop()
        if self._chance.random() < self.weather.request_lost:
            return
        if self._chance.random() < self.weather.request_stuck:
            await asyncio.sleep(self._chance.uniform(0.0, STUCK_SECONDS))
        try:
            answer = await self._answer(request)
        except HungUpError:
            answer = None
        if request.is_order:
            self.order_arrived(request.body)
        is_lost = self._chance.random() < self.weather.answer_lost
        await self.hop()
        if not is_lost and not answered.done():
            answered.set_result(answer)

    async def _answer(self, request: Request) -> _Answer:
        parts = urlsplit(request.target)
        path, headers = parts.path or "/", request.headers.items()
        scope: Message = {
            "type": "http",
            "asgi": {"version": "3.0", "spec_version": "2.3"},
            "http_version": "1.1",
            "method": request.method,
            "scheme": "http",
            "path": unquote(path),
            "raw_path": path.encode("latin-1"),
            "query_string": parts.query.encode("latin-1"),
            "root_path": "",
            "headers": [(name.lower().encode("latin-1"), text.encode("latin-1")) for name, text in headers],
            "client": ("127.0.0.1", 1),
            "server": ("127.0.0.1", 80),
        }
        answer, given = _Answer(), [{"type": "http.request", "body": request.body, "more_body": False}]

        async def receive() -> Message:
            return given.pop() if given else await asyncio.get_running_loop().create_future()

        async def send(message: Message) -> None:
            if message["type"] == "http.response.start":
                answer.status = message["status"]
                answer.headers = {name.decode().lower(): value.decode() for name, value in message["headers"]}
            elif message["type"] == "http.response.body":
                answer.body += message.get("body", b"")

        await self._app(scope, receive, send)
        return answer

    async def look(self, path: str) -> _Answer:
        """At once, over no network."""
        return await self._answer(Request("GET", path))

    # sockets

    async def dial(self, url: str) -> Line:
        """Raises OSError while the venue is away."""
        await self.hop()
        if not self.is_up:
            raise ConnectionRefusedError("connection refused")
        line = _Line(self, living(), next(self._numbers))
        self._lines.add(line)
        line.life.when_dead(line.leave)
        begin(self._serve(line, urlsplit(url).path), self.life.context())
        return cast("Line", line)

    def hang_up(self, line: _Line) -> None:
        self._lines.discard(line)

    def fate(self) -> tuple[int, float]:
        """How many copies of a frame arrive, and when."""
        lost = self._chance.random() < self.weather.frame_lost
        repeated = self._chance.random() < self.weather.frame_repeated
        return (0 if lost else 2 if repeated else 1), self._delay()

    async def _serve(self, line: _Line, path: str) -> None:
        scope: Message = {
            "type": "websocket",
            "asgi": {"version": "3.0", "spec_version": "2.3"},
            "http_version": "1.1",
            "scheme": "ws",
            "path": path,
            "raw_path": path.encode(),
            "query_string": b"",
            "root_path": "",
            "headers": [],
            "client": ("127.0.0.1", 1),
            "server": ("127.0.0.1", 80),
            "subprotocols": [],
        }
        await self._app(scope, line.at_venue, line.from_venue)

    def _open(self) -> Simulator:
        simulator = build(self._options, self._clock)
        self._app: Starlette = build_app(simulator.world, simulator.hub, _broken, simulator.limits)
        return simulator


class _Line:
    """A WebSocket: frames keep their order each way."""

    def __init__(self, venue: Venue, life: Life, number: int) -> None:
        self.life = life
        self.number = number
        self._venue = venue
        self._to_venue: asyncio.Queue[Message] = asyncio.Queue()
        self._to_us: deque[tuple[float, str | None]] = deque()
        self._arrived = asyncio.Event()
        self._due_seconds = 0.0
        self._code = ABNORMAL
        self._closed: ConnectionClosedError | None = None
        self._to_venue.put_nowait({"type": "websocket.connect"})

    # our end

    async def send(self, message: str) -> None:
        """Raises ConnectionClosedError."""
        if self._closed is not None:
            raise self._closed
        await self._venue.hop()
        self._to_venue.put_nowait({"type": "websocket.receive", "text": message})

    async def recv(self) -> str:
        """Raises ConnectionClosedError."""
        loop = asyncio.get_running_loop()
        while not self._to_us:
            if self._closed is not None:
                raise self._closed
            self._arrived.clear()
            await self._arrived.wait()
        due_seconds, text = self._to_us[0]
        if due_seconds > loop.time():
            await asyncio.sleep(due_seconds - loop.time())
        self._to_us.popleft()
        if text is None:
            self._closed = self._closed or _closed(self._code)
            raise self._closed
        return text

    async def close(self, code: int = 1000, reason: str = "") -> None:
        self._closed = self._closed or _closed(code, reason)
        self._arrived.set()
        self.leave()

    def leave(self) -> None:
        self._venue.hang_up(self)
        self._to_venue.put_nowait({"type": "websocket.disconnect", "code": ABNORMAL})

    # the venue's end

    async def at_venue(self) -> Message:
        return await self._to_venue.get()

    async def from_venue(self, message: Message) -> None:
        if message["type"] == "websocket.send":
            copies, delay = self._venue.fate()
            for _ in range(copies):
                self._arrive(delay, message.get("text") or "")
        elif message["type"] == "websocket.close":
            self.end(message.get("code", 1000))

    def end(self, code: int) -> None:
        self._code = code
        self._arrive(0.0, None)

    def _arrive(self, delay: float, text: str | None) -> None:
        now = asyncio.get_running_loop().time()
        self._due_seconds = max(self._due_seconds, now + delay)
        self._to_us.append((self._due_seconds, text))
        self._arrived.set()


def _closed(code: int, reason: str = "") -> ConnectionClosedError:
    return ConnectionClosedError(Close(code, reason), None)


def _broken(error: BaseException) -> None:
    raise error


class SimulatedHttp:
    """What services use of our own HTTP client."""

    def __init__(self, venue: Venue, prefix: str) -> None:
        self._venue = venue
        self._prefix = prefix

    @classmethod
    def of(cls, venue: Venue, origin: str) -> HttpClient:
        """There is one venue, whatever the origin's host."""
        return cast("HttpClient", cls(venue, urlsplit(origin).path.rstrip("/")))

    async def warm(self, _count: int) -> None:
        """Raises NotSentError."""
        await self._venue.hop()
        if not self._venue.is_up:
            raise NotSentError("cannot connect to the venue: refused")

    async def close(self) -> None:
        pass

    async def request(
        self,
        method: str,
        path: str,
        *,
        headers: Mapping[str, str] | None = None,
        body: bytes = b"",
        timeout_seconds: float = 5.0,
        before_write: BeforeWrite | None = None,
    ) -> Response:
        if not self._venue.is_up:
            await self._venue.hop()
            raise NotSentError("cannot connect to the venue: refused")
        refusal = before_write() if before_write is not None else None
        if refusal is not None:
            raise WriteRefusedError(refusal)
        try:
            async with asyncio.timeout(timeout_seconds):
                answer = await self._venue.ask(Request(method, self._prefix + path, headers or {}, body))
        except TimeoutError:
            raise MayHaveBeenSentError(f"no answer within {timeout_seconds} s") from None
        if answer is None:
            raise MayHaveBeenSentError("the connection broke")
        return Response(answer.status, answer.headers, answer.body)


class SimulatedTransport(httpx.AsyncBaseTransport):
    """What httpx asks of the network."""

    def __init__(self, venue: Venue) -> None:
        self._venue = venue

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Raises httpx.ConnectError, httpx.ReadTimeout."""
        if not self._venue.is_up:
            await self._venue.hop()
            raise httpx.ConnectError("refused", request=request)
        body = await request.aread()
        target, bound = request.url.raw_path.decode(), request.extensions["timeout"]["read"]
        try:
            async with asyncio.timeout(bound):
                answer = await self._venue.ask(Request(request.method, target, dict(request.headers), body))
        except TimeoutError:
            raise httpx.ReadTimeout("no answer", request=request) from None
        if answer is None:
            raise httpx.ReadError("the connection broke", request=request)
        return httpx.Response(answer.status, headers=answer.headers, content=answer.body, request=request)
