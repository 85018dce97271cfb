"""The three servers as one thing: started together, stopped together, each of ours or each of the operator's."""

import asyncio
from collections.abc import AsyncGenerator, Callable, Coroutine
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from cli.home import Home
from cli.processes import ChildProcess
from cli.servers.errors import PortTakenError, ServerError
from cli.servers.existing import check_nats, check_postgres, check_redis
from cli.servers.nats import NatsServer
from cli.servers.postgres import PostgresServer
from cli.servers.valkey import ValkeyServer
from cli.together import all_ended

PORT_ATTEMPTS = 5
Check = Callable[[str], Coroutine[None, None, None]]


class Server(Protocol):
    """A server of ours: `start` returns when it answers, and may be called again after it ended."""

    name: str
    child: ChildProcess | None

    @property
    def url(self) -> str: ...

    async def start(self) -> None: ...

    async def stop(self) -> None: ...

    def change_port(self) -> None: ...


@dataclass(frozen=True, slots=True)
class Servers:
    """Addresses for the clients, and the servers that are ours to watch."""

    postgres_url: str
    nats_url: str
    redis_url: str
    embedded: tuple[Server, ...]


@asynccontextmanager
async def embedded_servers(
    home: Path,
    *,
    fsync: bool = True,
    postgres_url: str | None = None,
    nats_url: str | None = None,
    redis_url: str | None = None,
) -> AsyncGenerator[Servers]:
    """Starts what is not named by an address, checks what is. Raises ServerError; leaves nothing behind."""
    place = Home.at(home)
    place.make()
    postgres = None if postgres_url else PostgresServer(place, fsync)
    nats = None if nats_url else NatsServer(place)
    valkey = None if redis_url else ValkeyServer(place)
    embedded: tuple[Server, ...] = tuple(server for server in (postgres, nats, valkey) if server is not None)
    try:
        await all_ended(
            *(start_on_free_port(server) for server in embedded),
            *_checks((check_postgres, postgres_url), (check_nats, nats_url), (check_redis, redis_url)),
        )
        yield Servers(
            postgres_url=postgres_url or _url(postgres),
            nats_url=nats_url or _url(nats),
            redis_url=redis_url or _url(valkey),
            embedded=embedded,
        )
    finally:
        await asyncio.shield(all_ended(*(server.stop() for server in embedded)))


async def start_on_free_port(server: Server) -> None:
    """Takes another port when somebody else was faster."""
    for _ in range(PORT_ATTEMPTS - 1):
        try:
            return await server.start()
        except PortTakenError:
            server.change_port()
    return await server.start()


def _checks(*asked: tuple[Check, str | None]) -> list[Coroutine[None, None, None]]:
    return [check(url) for check, url in asked if url]


def _url(server: Server | None) -> str:
    if server is None:
        raise ServerError("no server and no address of one")
    return server.url
