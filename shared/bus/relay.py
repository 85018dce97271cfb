"""From the outbox to JetStream: right after the commit, and again for whatever was missed.

Postgres is the truth, the stream a copy: a row is marked only after the stream's acknowledgement, and the message id
makes a second publication of the same row harmless.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Sequence
from typing import Protocol

import structlog
from nats.errors import Error as NatsError
from nats.js import JetStreamContext
from prometheus_client import Counter

from shared.messages.envelope import Envelope, encode
from shared.messages.outbox import OutboxRow

PUBLISHED = Counter("tdmaker_outbox_published_total", "Outbox rows published to JetStream")
FAILED = Counter("tdmaker_outbox_publish_failures_total", "Publications that JetStream did not acknowledge")
SWEEP_SECONDS = 1.0
log = structlog.get_logger()

Publish = Callable[[Sequence[OutboxRow]], Awaitable[list[int]]]


class Outbox(Protocol):
    async def drain(self, publish: Publish) -> int:
        """Hands unpublished rows, locked against other relays, to `publish`, marks those it returns, and says how many
        rows there were. Raises ConnectionError while the database is away, and what `publish` raises."""
        ...


class Relay:
    """Each service that changes shared state runs one; `kick` it after a commit."""

    def __init__(self, outbox: Outbox, jetstream: JetStreamContext) -> None:
        self._outbox = outbox
        self._jetstream = jetstream
        self._kicked = asyncio.Event()

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
            PUBLISHED.inc()
            done.append(row.outbox_id)
        return done


async def publish(jetstream: JetStreamContext, subject: str, envelope: Envelope) -> None:
    """Returns once the stream has it. Raises nats.errors.Error."""
    await jetstream.publish(subject, encode(envelope), headers={"Nats-Msg-Id": envelope.message_id}, timeout=2)
