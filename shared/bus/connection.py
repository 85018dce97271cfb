"""A connection to NATS that a stop halfway leaves no socket of."""

from __future__ import annotations

import contextlib
from typing import Any

from nats.aio.client import Client
from nats.errors import Error as NatsError


class _Client(Client):
    async def close(self) -> None:
        """With the server away nothing is left to say, and nobody to say it to."""
        with contextlib.suppress(NatsError, OSError):
            await super().close()


async def connect_nats(**options: Any) -> Client:
    """Raises what nats-py raises, and closes the half-open connection first: nats-py leaves it to the collector."""
    client = _Client()
    try:
        await client.connect(**options)
    except BaseException:
        await client.close()
        raise
    return client
