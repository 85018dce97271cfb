"""The processes under supervision besides the servers: the simulator and the services."""

import asyncio
import signal
import sys
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Protocol

from cli.errors import CommandError
from cli.home import Home
from cli.processes import ChildProcess, spawn
from cli.servers.readiness import HOST, POLL_SECONDS, answers, free_port
from cli.supervisor.environment import plain_environment, service_environment
from cli.supervisor.logs import last_words
from shared.runtime.settings import Settings

READY_BOUND_SECONDS = 60.0
STOP_MARGIN_SECONDS = 2.0
SIMULATOR_STOP_SECONDS = 5.0


class Unit(Protocol):
    """One child with a name: `start` returns when it is ready, and may be called again after it ended."""

    name: str
    child: ChildProcess | None

    async def start(self) -> None: ...

    async def stop(self) -> None: ...


@dataclass(slots=True)
class ServiceUnit:
    """One service of ours. Restarting keeps its port. It dies at its `fault_point`, where one is set."""

    name: str
    settings: Settings
    home: Home
    http_port: int = field(default_factory=free_port)
    child: ChildProcess | None = None
    fault_point: str = ""

    async def start(self) -> None:
        """Raises CommandError when it ends before it is ready, or takes too long."""
        armed = {"FAULT_POINT": self.fault_point} if self.fault_point else {}
        self.child = await spawn(
            self.name,
            [sys.executable, "-m", f"services.{self.name}"],
            environment=service_environment(self.name, self.settings, self.http_port) | armed,
            log=self.home.log_of(self.name),
        )
        await until_answering(self.child, self.http_port, "/readyz")

    async def stop(self) -> None:
        if self.child:
            await self.child.stop(self.settings.stop_timeout + STOP_MARGIN_SECONDS, signal.SIGTERM)


@dataclass(slots=True)
class SimulatorUnit:
    """The simulated venue. `flow` are its options about what it plays; restarting keeps its port."""

    home: Home
    flow: Sequence[str]
    port: int = field(default_factory=free_port)
    child: ChildProcess | None = None
    name: str = "simulator"
    new_clock: bool = True

    @property
    def url(self) -> str:
        return f"http://{HOST}:{self.port}"

    @property
    def http_port(self) -> int:
        return self.port

    async def start(self) -> None:
        """Raises CommandError. Only its first start forgets the clock of an earlier run."""
        clock = ("--new-clock",) if self.new_clock else ()
        self.child = await spawn(
            self.name,
            [
                *(sys.executable, "-m", "venue_sim", "--port", str(self.port)),
                *("--journal", str(self.home.simulator), *clock, *self.flow),
            ],
            environment=plain_environment() | {"TDMAKER_HOME": str(self.home.path)},
            log=self.home.log_of(self.name),
        )
        await until_answering(self.child, self.port, "/healthz")
        self.new_clock = False

    async def stop(self) -> None:
        if self.child:
            await self.child.stop(SIMULATOR_STOP_SECONDS, signal.SIGTERM)


async def until_answering(child: ChildProcess, port: int, path: str) -> None:
    """Returns when `GET path` is answered with 200."""
    question = f"GET {path} HTTP/1.1\r\nHost: {HOST}\r\nConnection: close\r\n\r\n".encode()
    try:
        async with asyncio.timeout(READY_BOUND_SECONDS):
            while not await answers(port, question, b" 200 OK"):
                if child.ended:
                    raise CommandError(f"{child.name} ended while starting: {last_words(child.log)}")
                await asyncio.sleep(POLL_SECONDS)
    except TimeoutError:
        raise CommandError(
            f"{child.name} was not ready within {READY_BOUND_SECONDS:g} s; its log is {child.log}"
        ) from None
