"""A connection to NATS that a stop halfway leaves no socket of."""

from __future__ import annotations

from typing import Any

from nats.aio.client import Client


async def connect_nats(**options: Any) -> Client:
    """Raises what nats-py raises, and closes the half-open connection first: nats-py leaves it to the collector."""
    client = Client()
    try:
        await client.connect(**options)
    except BaseException:
        await client.close()
        raise
    return client
