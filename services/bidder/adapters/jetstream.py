"""Intents on their way: written to the connection at once, the stream's word awaited beside the hot path."""

from __future__ import annotations

import asyncio

from nats.errors import Error as NatsError
from nats.js import JetStreamContext

from shared.bus.relay import publish
from shared.fault_points import reach
from shared.messages.envelope import Envelope
from shared.runtime.logs import Log
from shared.runtime.metrics import Metrics

UNDER_WAY_MAX = 1000
"""Beyond it the stream is not answering; an intent is then dropped and planned again."""


class JetStreamIntents:
    def __init__(self, jetstream: JetStreamContext, metrics: Metrics, log: Log) -> None:
        self._jetstream = jetstream
        self._log = log
        self._under_way: set[asyncio.Task[None]] = set()
        self._sent = metrics.counter("intents_total", "Intents, by kind and how they ended", ("schema", "ended"))

    def send(self, subject: str, envelope: Envelope) -> None:
        if len(self._under_way) >= UNDER_WAY_MAX:
            self._sent.labels(envelope.schema, "dropped").inc()
            return
        task = asyncio.create_task(self._publish(subject, envelope))
        self._under_way.add(task)
        task.add_done_callback(self._under_way.discard)

    async def _publish(self, subject: str, envelope: Envelope) -> None:
        try:
            await publish(self._jetstream, subject, envelope)
        except NatsError as error:
            self._sent.labels(envelope.schema, "failed").inc()
            self._log.warning("intent_not_published", message_id=envelope.message_id, reason=repr(error))
        else:
            reach("intent_published")
            self._sent.labels(envelope.schema, "published").inc()

    async def close(self) -> None:
        """Lets go of what the stream has not answered."""
        for task in tuple(self._under_way):
            task.cancel()
        await asyncio.gather(*self._under_way, return_exceptions=True)
