"""Servers of one test alone, that can be taken away and given back."""

from __future__ import annotations

import shutil
import signal
import tempfile
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from cli.home import Home
from cli.servers import Servers
from cli.servers.embedded import Server, start_on_free_port
from cli.servers.nats import NatsServer
from cli.servers.postgres import PostgresServer
from cli.servers.valkey import ValkeyServer
from cli.together import all_ended

MEMORY = Path("/dev/shm")


@dataclass(frozen=True, slots=True)
class OwnServers:
    home: Home
    postgres: PostgresServer
    nats: NatsServer
    valkey: ValkeyServer

    @property
    def addresses(self) -> Servers:
        return Servers(self.postgres.url, self.nats.url, self.valkey.url, ())


async def take_away(server: Server) -> None:
    """SIGKILL: no farewell, no clean files. Postgres keeps what it committed: it syncs here, as it does in trading."""
    assert server.child is not None
    server.child.process.send_signal(signal.SIGKILL)
    await server.child.wait()


def _folder() -> Path:
    return Path(tempfile.mkdtemp(prefix="tdmaker-away-", dir=MEMORY if MEMORY.is_dir() else None))


@asynccontextmanager
async def own_servers() -> AsyncGenerator[OwnServers]:
    home = Home.at(_folder())
    home.make()
    servers = OwnServers(home, PostgresServer(home), NatsServer(home), ValkeyServer(home))
    all_of_them: tuple[Server, ...] = (servers.postgres, servers.nats, servers.valkey)
    try:
        await all_ended(*(start_on_free_port(server) for server in all_of_them))
        yield servers
    finally:
        await all_ended(*(server.stop() for server in all_of_them))
        shutil.rmtree(home.path, ignore_errors=True)
