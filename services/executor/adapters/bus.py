"""NATS, asked whether it is there."""

from __future__ import annotations

import asyncio

from nats.errors import Error as NatsError
from nats.js import JetStreamContext

from shared.bus.streams import made_at

INTENTS = "intents"
ANSWER_BOUND_SECONDS = 1.0


class JetStreamBus:
    """There and back, since a server that hangs keeps its connections."""

    def __init__(self, jetstream: JetStreamContext) -> None:
        self._jetstream = jetstream

    async def answers(self) -> bool:
        """A stream that is not there is an answer, too: it is declared again by whoever tends the streams."""
        try:
            async with asyncio.timeout(ANSWER_BOUND_SECONDS):
                await made_at(self._jetstream, INTENTS)
        except (NatsError, TimeoutError):
            return False
        return True
