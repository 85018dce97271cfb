"""From the outbox to JetStream: right after the commit, and again for whatever was missed.

Postgres is the truth, the stream a copy: a row is marked only after the stream's acknowledgement, and the message id
makes a second publication of the same row harmless.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import UTC, datetime
from itertools import count
from typing import Protocol

import structlog
from nats.errors import Error as NatsError
from nats.js import JetStreamContext
from prometheus_client import Counter

from shared.bus.streams import Topology, made_at, provision
from shared.fault_points import reach
from shared.messages.envelope import Envelope, encode
from shared.messages.outbox import OutboxRow

PUBLISHED = Counter("tdmaker_outbox_published_total", "Outbox rows published to JetStream")
FAILED = Counter("tdmaker_outbox_publish_failures_total", "Publications that JetStream did not acknowledge")
SWEEP_SECONDS = 1.0
STREAMS_SECONDS = 3.0
PRUNE_LOOKS = 20
GONE = datetime(1970, 1, 1, tzinfo=UTC)
log = structlog.get_logger()

Publish = Callable[[Sequence[OutboxRow]], Awaitable[list[int]]]


class Outbox(Protocol):
    """Postgres. Each method raises ConnectionError while the database is away."""

    async def drain(self, publish: Publish) -> int:
        """Hands unpublished rows, locked against other relays, to `publish`, marks those it returns, and says how many
        rows there were. Raises what `publish` raises."""
        ...

    async def refill(self, stream: str, made_at: datetime, subjects: Sequence[str]) -> int:
        """Hands out again what a stream that was made anew has lost; how many rows that are."""
        ...

    async def prune(self) -> int:
        """Lets go of rows of more than a day ago; how many went."""
        ...


class Relay:
    """Each service that changes shared state runs one, and tends its streams beside; `kick` it after a commit."""

    def __init__(self, outbox: Outbox, jetstream: JetStreamContext, topology: Topology) -> None:
        self._outbox = outbox
        self._jetstream = jetstream
        self._topology = topology
        self._kicked = asyncio.Event()
        self._made_at: dict[str, datetime | None] = {}

    def kick(self) -> None:
        self._kicked.set()

    async def run(self) -> None:
        """For ever. What cannot be read or published now is tried again at the next sweep."""
        while True:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(SWEEP_SECONDS):
                    await self._kicked.wait()
            self._kicked.clear()
            try:
                while await self._outbox.drain(self._publish):
                    pass
            except (ConnectionError, NatsError) as error:
                FAILED.inc()
                log.warning("outbox_waits", reason=repr(error))

    async def tend(self) -> None:
        """For ever: streams that are gone are declared again, those that were made anew refilled, old rows let go."""
        for look in count():
            try:
                await self._see_to_streams()
                if look % PRUNE_LOOKS == 0:
                    await self._prune()
            except (ConnectionError, NatsError) as error:
                log.warning("streams_wait", reason=repr(error))
            await asyncio.sleep(STREAMS_SECONDS)

    async def _see_to_streams(self) -> None:
        """Raises ConnectionError, nats.errors.Error."""
        ages = await self._stream_ages()
        if ages == self._made_at:
            return
        await self._refill({name: GONE for name, made in ages.items() if made is None})
        await provision(self._jetstream, self._topology)
        self._made_at = await self._stream_ages()
        await self._refill(self._made_at)
        self.kick()

    async def _refill(self, ages: Mapping[str, datetime | None]) -> None:
        """Before a stream that is gone is declared again, so that new facts queue behind the lost ones; and after."""
        for name, made in ages.items():
            if made is not None and (facts := await self._outbox.refill(name, made, self._topology.streams[name])):
                log.warning("stream_refilled", stream=name, facts=facts)

    async def _stream_ages(self) -> dict[str, datetime | None]:
        return {name: await made_at(self._jetstream, name) for name in self._topology.streams}

    async def _prune(self) -> None:
        """Raises ConnectionError."""
        while await self._outbox.prune():
            pass

    async def _publish(self, rows: Sequence[OutboxRow]) -> list[int]:
        """The rows that the stream has, up to the first it did not take. Raises nats.errors.Error when it took none."""
        done: list[int] = []
        for row in rows:
            try:
                await publish(self._jetstream, row.subject, row.envelope)
            except NatsError:
                if not done:
                    raise
                break
            reach("fact_published")
            PUBLISHED.inc()
            done.append(row.outbox_id)
        return done


async def publish(jetstream: JetStreamContext, subject: str, envelope: Envelope) -> None:
    """Returns once the stream has it. Raises nats.errors.Error."""
    await jetstream.publish(subject, encode(envelope), headers={"Nats-Msg-Id": envelope.message_id}, timeout=2)
