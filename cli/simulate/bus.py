"""A NATS server with JetStream in memory: at least once, in order while nothing fails, until it is acknowledged."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import datetime
from random import Random
from types import SimpleNamespace
from typing import cast

from nats.aio.client import Client
from nats.aio.msg import Msg
from nats.errors import NoServersError
from nats.errors import TimeoutError as NatsTimeoutError
from nats.js import JetStreamContext
from nats.js.api import ConsumerConfig, StreamConfig
from nats.js.errors import NoStreamResponseError, NotFoundError

from cli.simulate.life import Life, begin, living
from shared.bus.facts import Handler, attend
from shared.bus.streams import Topology, durable_name

HOP_SECONDS = (0.0001, 0.001)
PUBLISH_TIMEOUT_SECONDS = 2.0
FLUSHED_LATE = 0.5
"""How often a message that timed out reaches the server after all, once it is back: the client keeps it."""
Receive = Callable[[Msg], Awaitable[None]]


@dataclass(slots=True)
class Stored:
    sequence: int
    subject: str
    data: bytes


@dataclass(slots=True)
class Stream:
    subjects: list[str]
    made_at: datetime
    messages: list[Stored] = field(default_factory=list[Stored])
    known: set[str] = field(default_factory=set[str])
    """Message ids; those of a run all fall into one duplicate window."""


@dataclass(slots=True)
class Consumer:
    """`acked` and `tries` by sequence; what was handed out and not acknowledged comes again when its time is up."""

    stream: str
    ack_wait_seconds: float
    max_deliver: int
    next_index: int = 0
    acked: set[int] = field(default_factory=set[int])
    tries: dict[int, int] = field(default_factory=dict[int, int])


@dataclass(slots=True, eq=False)
class Reader:
    """A durable subscription: messages that reached its connection and wait for their turn."""

    life: Life
    queue: asyncio.Queue[tuple[Consumer, Stored]] = field(default_factory=asyncio.Queue[tuple[Consumer, Stored]])


@dataclass(slots=True, eq=False)
class Listener:
    life: Life
    subject: str
    receive: Receive
    queue: asyncio.Queue[Msg] = field(default_factory=asyncio.Queue[Msg])


class Nats:
    """One server."""

    def __init__(self, topology: Topology, now: Callable[[], datetime], chance: Random) -> None:
        self.is_up = True
        self.topology = topology
        self.streams: dict[str, Stream] = {}
        self.consumers: dict[str, Consumer] = {}
        self.ever: set[str] = set()
        """Ids of all messages that ever were in a stream."""
        self.set_aside: set[str] = set()
        """Subjects of messages that no handler could take."""
        self._readers: dict[str, Reader] = {}
        self._listeners: list[Listener] = []
        self._kept: deque[tuple[Life, str, bytes, str]] = deque()
        self._now = now
        self._chance = chance
        self._context = Life("nats").context()

    # what happens to it

    def stop(self) -> None:
        self.is_up = False

    def start(self) -> None:
        """Clients reconnect by themselves and send what they kept; what was not acknowledged comes again."""
        self.is_up = True
        while self._kept:
            life, subject, data, message_id = self._kept.popleft()
            if life.is_alive:
                self._store(subject, data, message_id)

    def wipe(self) -> None:
        """Every file of every stream is gone."""
        self.streams.clear()
        self.consumers.clear()

    def lose_tail(self, count: int) -> None:
        """The newest messages never reached the disk when the power went, though they were acknowledged."""
        for stream in self.streams.values():
            del stream.messages[max(0, len(stream.messages) - count) :]
        for consumer in self.consumers.values():
            left = self.streams[consumer.stream].messages
            newest = left[-1].sequence if left else 0
            consumer.next_index = min(consumer.next_index, len(left))
            consumer.acked = {sequence for sequence in consumer.acked if sequence <= newest}
            consumer.tries = {sequence: tries for sequence, tries in consumer.tries.items() if sequence <= newest}

    # core NATS

    async def publish(self, subject: str, data: bytes) -> None:
        """Never waits; nobody knows whether anybody heard."""
        if not self.is_up:
            return
        for listener in self._listeners:
            if listener.life.is_alive and matches(listener.subject, subject):
                listener.queue.put_nowait(Msg(_client=cast("Client", None), subject=subject, data=data))

    async def subscribe(self, subject: str, receive: Receive) -> None:
        listener = Listener(living(), subject, receive)
        self._listeners.append(listener)
        listener.life.when_dead(lambda: self._listeners.remove(listener))
        begin(self._tell(listener))

    async def _tell(self, listener: Listener) -> None:
        while True:
            message = await listener.queue.get()
            await self.hop()
            await listener.receive(message)

    # JetStream

    async def publish_durably(self, subject: str, data: bytes, message_id: str) -> None:
        """Raises nats.errors.TimeoutError, nats.js.errors.NoStreamResponseError."""
        life = living()
        await self.hop()
        if not self.is_up:
            if self._chance.random() < FLUSHED_LATE:
                self._kept.append((life, subject, data, message_id))
            await asyncio.sleep(PUBLISH_TIMEOUT_SECONDS)
            raise NatsTimeoutError
        if not self._store(subject, data, message_id):
            raise NoStreamResponseError
        await self.hop()
        if not self.is_up:
            await asyncio.sleep(PUBLISH_TIMEOUT_SECONDS)
            raise NatsTimeoutError

    async def stream_made_at(self, name: str) -> datetime:
        """Raises nats.js.errors.NotFoundError, nats.errors.TimeoutError."""
        await self.ask()
        if name not in self.streams:
            raise NotFoundError
        return self.streams[name].made_at

    async def declare_stream(self, config: StreamConfig) -> None:
        await self.ask()
        name = str(config.name)
        if name not in self.streams:
            self.streams[name] = Stream(list(config.subjects or ()), self._now())

    async def declare_consumer(self, stream: str, config: ConsumerConfig) -> None:
        """Raises nats.js.errors.NotFoundError."""
        await self.ask()
        if stream not in self.streams:
            raise NotFoundError
        durable = str(config.durable_name)
        if durable not in self.consumers:
            self.consumers[durable] = Consumer(stream, config.ack_wait or 30.0, config.max_deliver or 5)
            self._push(durable)

    async def find_consumer(self, durable: str) -> None:
        """Raises nats.js.errors.NotFoundError."""
        await self.ask()
        if durable not in self.consumers:
            raise NotFoundError

    async def ask(self) -> None:
        """There and back. Raises nats.errors.TimeoutError."""
        await self.hop()
        if not self.is_up:
            await asyncio.sleep(PUBLISH_TIMEOUT_SECONDS)
            raise NatsTimeoutError
        await self.hop()

    async def hop(self) -> None:
        await asyncio.sleep(self._chance.uniform(*HOP_SECONDS))

    # durable subscriptions

    def attach(self, durable: str) -> Reader:
        reader = Reader(living())
        self._readers[durable] = reader
        reader.life.when_dead(lambda: self._detach(durable, reader))
        self._push(durable)
        return reader

    def _detach(self, durable: str, reader: Reader) -> None:
        if self._readers.get(durable) is reader:
            del self._readers[durable]

    def acknowledge(self, consumer: Consumer, stored: Stored) -> None:
        if self.is_up:
            consumer.acked.add(stored.sequence)

    def hand_out_later(self, durable: str, consumer: Consumer, stored: Stored, pause_seconds: float) -> None:
        """The server's own doing: whoever published may be dead by then."""
        loop = asyncio.get_running_loop()
        loop.call_later(pause_seconds, self._hand_out, durable, consumer, stored, context=self._context)

    def _store(self, subject: str, data: bytes, message_id: str) -> bool:
        for name, stream in self.streams.items():
            if any(matches(each, subject) for each in stream.subjects):
                if not message_id or message_id not in stream.known:
                    stream.known.add(message_id)
                    self.ever.add(message_id)
                    sequence = stream.messages[-1].sequence + 1 if stream.messages else 1
                    stream.messages.append(Stored(sequence, subject, data))
                    for durable, consumer in self.consumers.items():
                        if consumer.stream == name:
                            self._push(durable)
                return True
        return False

    def _push(self, durable: str) -> None:
        """Hands the reader all that it was never handed."""
        consumer, reader = self.consumers.get(durable), self._readers.get(durable)
        if consumer is None or reader is None:
            return
        messages = self.streams[consumer.stream].messages
        while consumer.next_index < len(messages):
            stored = messages[consumer.next_index]
            consumer.next_index += 1
            self._hand_out(durable, consumer, stored)

    def _hand_out(self, durable: str, consumer: Consumer, stored: Stored) -> None:
        if stored.sequence in consumer.acked or self.consumers.get(durable) is not consumer:
            return
        reader = self._readers.get(durable)
        tries = consumer.tries.get(stored.sequence, 0)
        if tries >= consumer.max_deliver:
            return
        if self.is_up and reader is not None and reader.life.is_alive:
            consumer.tries[stored.sequence] = tries + 1
            reader.queue.put_nowait((consumer, stored))
        self.hand_out_later(durable, consumer, stored, consumer.ack_wait_seconds)


def matches(pattern: str, subject: str) -> bool:
    """`*` is one token, `>` all that follow."""
    wanted, given = pattern.split("."), subject.split(".")
    for at, part in enumerate(wanted):
        if part == ">":
            return len(given) > at
        if at >= len(given) or part not in ("*", given[at]):
            return False
    return len(wanted) == len(given)


class SimulatedClient:
    """What services use of nats-py's client and of its JetStream context."""

    def __init__(self, server: Nats) -> None:
        self._server = server

    @classmethod
    async def connected(cls, server: Nats) -> Client:
        """Raises nats.errors.NoServersError."""
        await server.hop()
        if not server.is_up:
            raise NoServersError
        return cast("Client", cls(server))

    def jetstream(self) -> JetStreamContext:
        return cast("JetStreamContext", _JetStream(self._server))

    async def publish(self, subject: str, payload: bytes) -> None:
        await self._server.publish(subject, payload)

    async def subscribe(self, subject: str, cb: Receive) -> None:
        await self._server.subscribe(subject, cb)

    async def close(self) -> None:
        pass


class _JetStream:
    def __init__(self, server: Nats) -> None:
        self._server = server

    async def publish(
        self,
        subject: str,
        payload: bytes,
        *,
        headers: dict[str, str],
        timeout: float,  # noqa: ARG002, ASYNC109 nats-py's
    ) -> None:
        await self._server.publish_durably(subject, payload, headers.get("Nats-Msg-Id", ""))

    async def stream_info(self, name: str) -> SimpleNamespace:
        return SimpleNamespace(created=await self._server.stream_made_at(name))

    async def add_stream(self, config: StreamConfig) -> None:
        await self._server.declare_stream(config)

    async def update_stream(self, _config: StreamConfig) -> None:
        await self._server.ask()

    async def add_consumer(self, stream: str, config: ConsumerConfig) -> None:
        await self._server.declare_consumer(stream, config)

    async def consumer_info(self, _stream: str, durable: str) -> None:
        await self._server.find_consumer(durable)


class SimulatedFacts:
    """The durable subscriptions of one service, each handled in its order by a task of its own."""

    def __init__(self, server: Nats, service: str) -> None:
        self._server = server
        self._service = service
        self._handlers: dict[str, Handler] = {}

    def subscribe(self, stream: str, handler: Handler) -> None:
        self._handlers[stream] = handler

    async def start(self) -> None:
        names = [durable_name(self._service, stream) for stream in self._handlers]
        for durable in names:
            await self._server.find_consumer(durable)
        for durable, handler in zip(names, self._handlers.values(), strict=True):
            begin(self._read(durable, handler, self._server.attach(durable)))

    async def stop(self) -> None:
        pass

    async def _read(self, durable: str, handler: Handler, reader: Reader) -> None:
        while True:
            consumer, stored = await reader.queue.get()
            await self._server.hop()
            delivery = _Delivery(self._server, durable, consumer, stored)
            await attend(durable, handler, delivery, self._server.topology.max_deliver)


@dataclass(frozen=True, slots=True)
class _Delivery:
    server: Nats
    durable: str
    consumer: Consumer
    stored: Stored

    @property
    def body(self) -> bytes:
        return self.stored.data

    @property
    def tries(self) -> int:
        return self.consumer.tries.get(self.stored.sequence, 1)

    async def ack(self) -> None:
        await self.server.hop()
        self.server.acknowledge(self.consumer, self.stored)

    async def retry(self, pause_seconds: float) -> None:
        await self.server.hop()
        if self.server.is_up:
            self.server.hand_out_later(self.durable, self.consumer, self.stored, pause_seconds)

    async def set_aside(self, subject: str, reason: str) -> None:  # noqa: ARG002 nobody reads it here
        self.server.set_aside.add(subject)
        await self.server.publish_durably(subject, self.stored.data, "")
