"""The services as processes of the simulation: started, frozen, killed, and started again by a supervisor."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import cast

import structlog

from cli.simulate.life import Life, begin
from cli.simulate.world import Simulated, World
from services.bidder import bootstrap as bidder
from services.discovery import bootstrap as discovery
from services.executor import bootstrap as executor
from services.fills import bootstrap as fills
from services.risk import bootstrap as risk
from services.settlement import bootstrap as settlement
from shared.outside import Outside
from shared.runtime.health import Readiness
from shared.runtime.logs import get_log
from shared.runtime.metrics import Metrics
from shared.runtime.service import Inside, ServiceContext, work_inside

RESTART_SECONDS = 1.0
Start = Callable[[ServiceContext, Outside | None], Awaitable[None]]
SERVICES: Mapping[str, Start] = {
    "discovery": discovery.start,
    "bidder": bidder.start,
    "executor": executor.start,
    "fills": fills.start,
    "risk": risk.start,
    "settlement": settlement.start,
}


@dataclass(slots=True)
class Process:
    """One service's run; `inside` is what it would show of itself."""

    life: Life
    inside: Inside


@dataclass(slots=True)
class Processes:
    """By name, which is the service's but for a twin. `ends` counts the processes that ended; `failures` are those
    nobody asked for."""

    world: World
    running: dict[str, Process] = field(default_factory=dict[str, Process])
    ends: dict[str, int] = field(default_factory=dict[str, int])
    failures: list[str] = field(default_factory=list[str])

    def start_all(self) -> None:
        for name in SERVICES:
            self.start(name)

    def start_twin(self, service: str) -> bool:
        """A second process of it, that nobody starts again; whether there was one to stand beside."""
        if service not in self.running or (twin := twin_of(service)) in self.running:
            return False
        self._begin(twin, service)
        return True

    def start(self, name: str) -> None:
        if name not in self.running:
            self._begin(name, name)

    def _begin(self, name: str, service: str) -> None:
        life = Life(name)
        world = self.world
        inside = Inside(
            name=service,
            settings=world.settings,
            clock=world.clock,
            log=get_log(),
            metrics=Metrics(service),
            readiness=Readiness(),
            stopping=asyncio.Event(),
        )
        self.running[name] = Process(life, inside)
        life.when_dead(lambda: self._ended(name))
        context = life.context()
        context.run(structlog.contextvars.bind_contextvars, process=name)
        begin(self._run(life, inside), context)

    def kill(self, name: str) -> bool:
        """Whether there was one."""
        process = self.running.get(name)
        if process is not None:
            process.life.die()
        return process is not None

    def doom(self, name: str, point: str, times: int) -> bool:
        """It will die at the fault point, if it gets there."""
        process = self.running.get(name)
        if process is not None:
            process.life.fatal = (point, times)
        return process is not None

    def freeze(self, name: str) -> Life | None:
        process = self.running.get(name)
        if process is None or process.life.is_frozen:
            return None
        process.life.freeze()
        return process.life

    def ask_to_stop(self, name: str) -> bool:
        process = self.running.get(name)
        if process is not None:
            process.inside.stopping.set()
        return process is not None

    def unready(self) -> list[str]:
        """Services of which no process is there that waits for nothing."""
        ready = {process.inside.name for process in self.running.values() if process.inside.readiness.ready}
        return [name for name in SERVICES if name not in ready]

    async def _run(self, life: Life, inside: Inside) -> None:
        simulated = Simulated(inside.name, self.world)
        start = SERVICES[inside.name]
        try:
            await work_inside(inside, lambda context: start(context, simulated), _nothing)
        except (Exception, BaseExceptionGroup) as failed:  # noqa: BLE001 a process ends, whatever it fails of
            if life.is_alive:
                self.failures.append(f"{inside.name}: {_innermost(failed)}")
        life.die()

    def _ended(self, name: str) -> None:
        self.running.pop(name, None)
        self.ends[name] = self.ends.get(name, 0) + 1
        if name in SERVICES:
            supervisor = Life("supervisor").context()
            asyncio.get_running_loop().call_later(RESTART_SECONDS, self.start, name, context=supervisor)


def twin_of(service: str) -> str:
    return f"{service} twin"


def _innermost(error: BaseException) -> str:
    while isinstance(error, BaseExceptionGroup):
        error = cast("BaseExceptionGroup[BaseException]", error).exceptions[0]
    return f"{type(error).__name__}: {error}"


def _nothing() -> None:
    pass
