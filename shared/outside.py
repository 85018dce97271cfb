"""What a service reaches outside its process. The network in production; a simulation brings its own."""

from __future__ import annotations

import secrets
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, LiteralString, Protocol

from shared.bus.connection import connect_nats
from shared.bus.facts import Facts, NatsFacts
from shared.bus.remembered import new_redis
from shared.bus.streams import load_topology
from shared.db import pool
from shared.runtime.settings import Settings
from shared.venue.http import HttpClient
from shared.venue.sockets import Dial, dial

if TYPE_CHECKING:
    import httpx
    from nats.aio.client import Client
    from redis.asyncio import Redis

    from shared.db.pool import Pool


class Outside(Protocol):
    """Each method makes a new connection of the service's own; whoever asked closes it."""

    def pool(self, size_max: int = 4) -> Pool:
        """Connections to Postgres in the service's role, to be opened."""
        ...

    async def listen(self, channel: LiteralString, heard: Callable[[str], Awaitable[None]]) -> None:
        """Hands on each notification's payload, for ever. Raises psycopg.OperationalError."""
        ...

    async def nats(self) -> Client: ...

    def facts(self) -> Facts:
        """The durable subscriptions, to be filled and started."""
        ...

    def redis(self) -> Redis: ...

    def http(self, origin: str) -> HttpClient: ...

    @property
    def http_transport(self) -> httpx.AsyncBaseTransport | None:
        """Beneath the venue's metadata; None is the network."""
        ...

    @property
    def dial(self) -> Dial:
        """Opens a WebSocket."""
        ...

    def fresh_id(self) -> str:
        """Sixteen random hexadecimal digits."""
        ...


class Network:
    """The addresses of the settings."""

    http_transport = None
    dial = staticmethod(dial)

    def __init__(self, service: str, settings: Settings) -> None:
        self._service = service
        self._settings = settings

    def pool(self, size_max: int = 4) -> Pool:
        return pool.new_pool(self._settings.postgres_url, self._service, size_max)

    async def listen(self, channel: LiteralString, heard: Callable[[str], Awaitable[None]]) -> None:
        await pool.listen(self._settings.postgres_url, self._service, channel, heard)

    async def nats(self) -> Client:
        return await connect_nats(
            servers=[self._settings.nats_url], name=f"tdmaker-{self._service}", max_reconnect_attempts=-1
        )

    def facts(self) -> Facts:
        return NatsFacts(self._settings.nats_url, self._service, load_topology())

    def redis(self) -> Redis:
        return new_redis(self._settings.redis_url)

    def http(self, origin: str) -> HttpClient:
        return HttpClient(origin)

    def fresh_id(self) -> str:
        return secrets.token_hex(8)
