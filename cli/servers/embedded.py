"""The three servers as one thing: started together, stopped together, each of ours or each of the operator's."""

import asyncio
import os
from collections.abc import AsyncGenerator, Awaitable, Callable
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

PORT_ATTEMPTS = 5


class Server(Protocol):
    """A server of ours: `start` returns when it answers, and may be called again after it ended."""

    name: str
    child: ChildProcess | None

    @property
    def url(self) -> str: ...

    async def start(self, environment: dict[str, str]) -> None: ...

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
    environment = server_environment(place)
    try:
        await _together(
            *(start_on_free_port(server, environment) for server in embedded),
            *_checks((check_postgres, postgres_url), (check_nats, nats_url), (check_redis, redis_url)),
        )
        yield Servers(
            postgres_url=postgres_url or _url(postgres),
            nats_url=nats_url or _url(nats),
            redis_url=redis_url or _url(valkey),
            embedded=embedded,
        )
    finally:
        await asyncio.shield(_together(*(server.stop() for server in embedded)))


def server_environment(home: Home) -> dict[str, str]:
    """The home in its environment is how a later start knows a child of ours again."""
    return {"PATH": os.environ.get("PATH", os.defpath), "TDMAKER_HOME": str(home.path), "LC_ALL": "C"}


async def start_on_free_port(server: Server, environment: dict[str, str]) -> None:
    """Takes another port when somebody else was faster."""
    for _ in range(PORT_ATTEMPTS - 1):
        try:
            return await server.start(environment)
        except PortTakenError:
            server.change_port()
    return await server.start(environment)


def _checks(*asked: tuple[Callable[[str], Awaitable[None]], str | None]) -> list[Awaitable[None]]:
    return [check(url) for check, url in asked if url]


async def _together(*work: Awaitable[None]) -> None:
    """All at once; the first fault, after everything has ended."""
    results = await asyncio.gather(*work, return_exceptions=True)
    for result in results:
        if isinstance(result, BaseException):
            raise result


def _url(server: Server | None) -> str:
    if server is None:
        raise ServerError("no server and no address of one")
    return server.url
