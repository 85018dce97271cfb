"""Does to a running system what the plan says, by the ids that its own record names."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import shutil
import signal

import psycopg

from cli.chaos.plan import Blow, Deed
from cli.errors import CommandError
from cli.home import Home
from cli.processes import identify
from cli.readings import connect
from cli.simulator import ask_simulator
from cli.supervisor.record import RecordedProcess, RunningSystem, read_record

ACTOR = "chaos"


class Hand:
    """`done` says whether a blow struck: a target that is away just then is left alone."""

    def __init__(self, home: Home) -> None:
        self._home = home
        self._paused: set[RecordedProcess] = set()

    async def strike(self, blow: Blow) -> bool:
        match blow.deed:
            case Deed.KILL:
                return self._signal(blow.target, signal.SIGKILL) is not None
            case Deed.PAUSE:
                return await self._pause(blow.target, blow.lasts_seconds)
            case Deed.WIPE:
                return self._wipe(blow.target)
            case Deed.SWITCH_OFF:
                return await self._switch_off(blow.lasts_seconds)
            case Deed.FAULT:
                return await self._fault(blow)

    def let_go(self) -> None:
        """Whatever is paused goes on."""
        for process in tuple(self._paused):
            self._go_on(process)

    def _find(self, name: str) -> RecordedProcess | None:
        system = read_record(self._home)
        found = next((process for process in system.processes if process.name == name), None) if system else None
        return found if found and identify(found.pid) == found.identity else None

    def _signal(self, name: str, number: signal.Signals) -> RecordedProcess | None:
        """The process that got it; None when it is not there."""
        process = self._find(name)
        if process is None:
            return None
        try:
            os.kill(process.pid, number)
        except ProcessLookupError:
            return None
        return process

    async def _pause(self, name: str, seconds: float) -> bool:
        process = self._signal(name, signal.SIGSTOP)
        if process is None:
            return False
        self._paused.add(process)
        try:
            await asyncio.sleep(seconds)
        finally:
            self._go_on(process)
        return True

    def _go_on(self, process: RecordedProcess) -> None:
        self._paused.discard(process)
        if identify(process.pid) == process.identity:
            with contextlib.suppress(ProcessLookupError):
                os.kill(process.pid, signal.SIGCONT)

    def _wipe(self, bus: str) -> bool:
        """Its files go before the supervisor, which waits half a second, starts it again."""
        if self._signal(bus, signal.SIGKILL) is None:
            return False
        shutil.rmtree(self._home.nats / "jetstream", ignore_errors=True)
        return True

    async def _switch_off(self, seconds: float) -> bool:
        if not await self._call("select halt(%s, %s, 'chaos')"):
            return False
        await asyncio.sleep(seconds)
        while not await self._call("select resume(%s, %s, 'chaos')"):
            await asyncio.sleep(1)
        return True

    async def _fault(self, blow: Blow) -> bool:
        """The simulator ends it itself, and forgets it when it is killed."""
        system = read_record(self._home)
        if system is None or self._find("simulator") is None:
            return False
        terms = {"chance": blow.chance, "seconds": blow.lasts_seconds} if blow.lasts_seconds else {}
        try:
            await ask_simulator(system.sim_url, "POST", "/sim/faults", _json({"name": blow.target, "terms": terms}))
        except CommandError:
            return False
        return True

    async def _call(self, statement: str) -> bool:
        """Whether the database took it."""
        system = read_record(self._home)
        if system is None:
            return False
        try:
            await asyncio.to_thread(_run, system, statement)
        except psycopg.Error:
            return False
        return True


def _json(body: object) -> bytes:
    return json.dumps(body).encode()


def _run(system: RunningSystem, statement: str) -> None:
    with connect(system.postgres_url) as connection:
        connection.execute(statement.encode(), (system.account, ACTOR))
