"""A connection to one of the venue's sockets that comes back by itself and never hides that it was gone."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass
from itertools import count
from secrets import SystemRandom
from typing import Protocol

from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed, InvalidHandshake, InvalidURI

from shared.venue.http import USER_AGENT
from shared.venue.wire import MAX_FRAME_CHARACTERS

PING = "PING"
PONG = "PONG"
DRAINING = 4003
DRAINING_WAIT_SECONDS = 10.0
OPEN_TIMEOUT_SECONDS = 10.0
CLOSE_TIMEOUT_SECONDS = 2.0
FRAMES_A_TURN = 16
BUFFERED_FRAMES = 256
"""Frames that wait for us; beyond it the socket itself waits, so memory stays bounded."""

Tap = Callable[[str], None]
"""Sees each text as received, before anything else does; for recording."""


class Line(Protocol):
    """An open WebSocket. Its methods raise websockets' ConnectionClosed once it is not."""

    async def send(self, message: str) -> None: ...

    async def recv(self) -> str | bytes: ...

    async def close(self, code: int = 1000, reason: str = "") -> None: ...


Dial = Callable[[str], Awaitable[Line]]
"""Raises OSError, TimeoutError, InvalidHandshake or InvalidURI when there is no connection."""


async def dial(url: str) -> Line:
    return await connect(
        url,
        compression=None,
        proxy=None,
        user_agent_header=USER_AGENT,
        open_timeout=OPEN_TIMEOUT_SECONDS,
        close_timeout=CLOSE_TIMEOUT_SECONDS,
        max_size=MAX_FRAME_CHARACTERS,
        max_queue=BUFFERED_FRAMES,
    )


@dataclass(frozen=True, slots=True)
class Connected:
    """A new connection: nothing is known that happened before it. `attempts` tries failed since the last one."""

    attempts: int


@dataclass(frozen=True, slots=True)
class Disconnected:
    """The connection ended, or a try to open one failed. `code` is the close code where there was one."""

    reason: str
    code: int | None


class Conversation(Protocol):
    """What is said on the connection. Called in order from one task; an error it raises ends the link."""

    def greeting(self) -> Iterable[str]:
        """The first messages of a new connection; after them nothing is pending."""
        ...

    def pending(self) -> Iterable[str]:
        """Messages that have become due since."""
        ...

    def linked(self, change: Connected | Disconnected) -> None: ...

    def received(self, text: str) -> None:
        """One frame, in the very step in which it was read."""
        ...


@dataclass(frozen=True, slots=True)
class Pace:
    """Wall seconds. `silence_seconds` without any frame (a PONG is one) ends a connection. One that still speaks after
    `steady_seconds` works, so that the pauses begin anew: a refusal of the login is a frame, too."""

    ping_seconds: float | None = 10.0
    silence_seconds: float = 30.0
    backoff_seconds: float = 0.25
    backoff_max_seconds: float = 10.0
    steady_seconds: float = 5.0


class Link:
    """Runs a conversation over one connection after another, until closed."""

    def __init__(
        self,
        url: str,
        conversation: Conversation,
        *,
        pace: Pace | None = None,
        tap: Tap | None = None,
        jitter: Callable[[], float] | None = None,
        dial: Dial = dial,
    ) -> None:
        self._url = url
        self._dial = dial
        self._conversation = conversation
        self._pace = pace or Pace()
        self._tap = tap
        self._jitter = jitter or SystemRandom().random
        self._has_pending = asyncio.Event()
        self._connection: Line | None = None
        self._is_closed = False
        self._failures = 0
        self._heard_at_seconds = 0.0

    async def run(self) -> None:
        """Returns after `close`; raises what the conversation raises."""
        while not self._is_closed:
            ended = await self._one_connection()
            self._conversation.linked(ended)
            if not self._is_closed:
                await asyncio.sleep(self._wait_seconds(ended.code))

    async def close(self) -> None:
        self._is_closed = True
        await self.reconnect("closed by us")

    async def reconnect(self, reason: str) -> None:
        """Ends the connection of the moment: its data cannot be trusted any more."""
        if self._connection is not None:
            await self._connection.close(reason=reason)

    def wake(self) -> None:
        """Something has become pending."""
        self._has_pending.set()

    async def _one_connection(self) -> Disconnected:
        try:
            connection = await self._dial(self._url)
        except (OSError, TimeoutError, InvalidHandshake, InvalidURI) as error:
            self._failures += 1
            return Disconnected(f"cannot connect to {self._url}: {error}"[:200], None)
        self._connection = connection
        try:
            return await self._converse(connection)
        finally:
            self._connection = None
            await connection.close()

    async def _converse(self, connection: Line) -> Disconnected:
        ended = Disconnected("closed by us", None)
        try:
            async with asyncio.TaskGroup() as tasks:
                await self._greet(connection)
                tasks.create_task(self._write(connection))
                tasks.create_task(self._watch(connection))
                await self._read(connection)
        except* ConnectionClosed as group:
            ended = _ended(group)
        return ended

    async def _greet(self, connection: Line) -> None:
        self._has_pending.clear()
        for text in self._conversation.greeting():
            await connection.send(text)
        self._heard_at_seconds = asyncio.get_running_loop().time()
        self._conversation.linked(Connected(self._failures))
        self._failures += 1

    async def _read(self, connection: Line) -> None:
        """Frames that wait are read without a pause; every few of them the other tasks get their turn."""
        clock = asyncio.get_running_loop().time
        steady_at_seconds = clock() + self._pace.steady_seconds
        for number in count(1):
            frame = await connection.recv()
            if number % FRAMES_A_TURN == 0:
                await asyncio.sleep(0)
            text = frame if isinstance(frame, str) else frame.decode("utf-8", "replace")
            self._heard_at_seconds = clock()
            if self._heard_at_seconds >= steady_at_seconds:
                self._failures = 0
            if text == PONG:
                continue
            if self._tap is not None:
                self._tap(text)
            self._conversation.received(text)

    async def _write(self, connection: Line) -> None:
        while True:
            await self._has_pending.wait()
            self._has_pending.clear()
            for text in self._conversation.pending():
                await connection.send(text)

    async def _watch(self, connection: Line) -> None:
        interval = self._pace.ping_seconds or self._pace.silence_seconds / 3
        while True:
            await asyncio.sleep(interval)
            silent_seconds = asyncio.get_running_loop().time() - self._heard_at_seconds
            if silent_seconds >= self._pace.silence_seconds:
                await connection.close(reason=f"silent for {silent_seconds:.0f} s")
            elif self._pace.ping_seconds is not None:
                await connection.send(PING)

    def _wait_seconds(self, code: int | None) -> float:
        if code == DRAINING:
            return self._jitter() * DRAINING_WAIT_SECONDS
        longest = self._pace.backoff_seconds * 2 ** min(self._failures, 16)
        return self._jitter() * min(longest, self._pace.backoff_max_seconds)


def _ended(group: ExceptionGroup[ConnectionClosed]) -> Disconnected:
    """Several tasks may see one end; each says the same."""
    error: BaseException = group
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    close = getattr(error, "rcvd", None) or getattr(error, "sent", None)
    return Disconnected(str(error)[:200], getattr(close, "code", None))
