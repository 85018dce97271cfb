"""Everything outside the services, and what one of them reaches of it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from random import Random
from typing import TYPE_CHECKING, LiteralString, Protocol

from cli.simulate.bus import Nats, SimulatedClient, SimulatedFacts
from cli.simulate.clock import VirtualClock
from cli.simulate.memory import Memory
from cli.simulate.postgres import Postgres
from cli.simulate.venue import SimulatedHttp, SimulatedTransport, Venue
from shared.runtime.settings import Settings
from shared.venue.sockets import Dial

if TYPE_CHECKING:
    import httpx
    from nats.aio.client import Client
    from redis.asyncio import Redis

    from shared.bus.facts import Facts
    from shared.db.pool import Pool
    from shared.venue.http import HttpClient


class Server(Protocol):
    """It dies as by a crash, and comes back."""

    @property
    def is_up(self) -> bool: ...

    def stop(self) -> None: ...

    def start(self) -> None: ...


@dataclass(frozen=True, slots=True)
class World:
    """`chance` draws the ids of the services."""

    settings: Settings
    clock: VirtualClock
    postgres: Postgres
    nats: Nats
    memory: Memory
    venue: Venue
    chance: Random

    def server(self, name: str) -> Server:
        servers: dict[str, Server] = {
            "postgres": self.postgres,
            "nats": self.nats,
            "memory": self.memory,
            "venue": self.venue,
        }
        return servers[name]


class Simulated:
    """`shared.outside.Outside` for one service of the world."""

    def __init__(self, service: str, world: World) -> None:
        self._service = service
        self._world = world

    def pool(self, size_max: int = 4) -> Pool:
        return self._world.postgres.pool(self._service, size_max)

    async def listen(self, channel: LiteralString, heard: Callable[[str], Awaitable[None]]) -> None:
        if channel != "trading_state":
            raise ValueError(f"nothing is announced on {channel}")
        await self._world.postgres.listen(heard)

    async def nats(self) -> Client:
        return await SimulatedClient.connected(self._world.nats)

    def facts(self) -> Facts:
        return SimulatedFacts(self._world.nats, self._service)

    def redis(self) -> Redis:
        return self._world.memory.client()

    def http(self, origin: str) -> HttpClient:
        return SimulatedHttp.of(self._world.venue, origin)

    @property
    def http_transport(self) -> httpx.AsyncBaseTransport | None:
        return SimulatedTransport(self._world.venue)

    @property
    def dial(self) -> Dial:
        return self._world.venue.dial

    def fresh_id(self) -> str:
        return f"{self._world.chance.getrandbits(64):016x}"
