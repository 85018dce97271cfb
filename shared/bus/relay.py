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
        rows there were."""
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
        while True:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(SWEEP_SECONDS):  # wait_for may swallow the cancellation that ends us
                    await self._kicked.wait()
            self._kicked.clear()
            while await self._outbox.drain(self._publish):
                pass

    async def _publish(self, rows: Sequence[OutboxRow]) -> list[int]:
        done: list[int] = []
        for row in rows:
            try:
                await publish(self._jetstream, row.subject, row.envelope)
            except NatsError as error:
                FAILED.inc()
                log.warning("outbox_publish_failed", subject=row.subject, error=repr(error))
                await asyncio.sleep(SWEEP_SECONDS)
                break
            PUBLISHED.inc()
            done.append(row.outbox_id)
        return done


async def publish(jetstream: JetStreamContext, subject: str, envelope: Envelope) -> None:
    """Returns once the stream has it. Raises nats.errors.Error."""
    await jetstream.publish(subject, encode(envelope), headers={"Nats-Msg-Id": envelope.message_id}, timeout=2)
