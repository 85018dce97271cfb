"""Does to a simulated system what its plan says."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Iterable

import psycopg

from cli.simulate.plan import SERVICES, Blow, Deed
from cli.simulate.processes import Processes, twin_of
from cli.simulate.world import World
from shared.db.pool import Pool, call
from shared.domain.ids import AccountId
from venue_sim.faults.switchboard import Terms

ACTOR = "simulation"
TAIL = 3
"""Messages of each stream that a loss of power takes."""
WEATHER_CHANCE = 0.5
TRY_AGAIN_SECONDS = 0.5
STANDS_BY_SECONDS = 2.5
BOTH_SECONDS = 1.0
"""Awake, and one of them believes that it still holds the lease."""


class Hand:
    """`struck` counts what was done; a blow whose target was away just then did not strike."""

    def __init__(self, world: World, processes: Processes, account: AccountId) -> None:
        self.struck: Counter[str] = Counter()
        self._world = world
        self._processes = processes
        self._account = account
        self._operator: Pool = world.postgres.pool("control", 1)

    async def strike_all(self, blows: Iterable[Blow]) -> None:
        """Returns when what was lost is back."""
        loop = asyncio.get_running_loop()
        async with asyncio.TaskGroup() as under_way:
            for blow in blows:
                await asyncio.sleep(max(0.0, blow.at_seconds - loop.time()))
                under_way.create_task(self._strike(blow))

    async def _strike(self, blow: Blow) -> None:
        if await self._does(blow):
            self.struck[blow.deed] += 1

    async def _does(self, blow: Blow) -> bool:  # noqa: PLR0911 one deed a case
        """Whether it struck."""
        match blow.deed:
            case Deed.KILL:
                return self._processes.kill(blow.target)
            case Deed.CRASH:
                return self._processes.doom(blow.target, blow.detail, blow.times)
            case Deed.STOP:
                return self._processes.ask_to_stop(blow.target)
            case Deed.PAUSE:
                return await self._pause(blow)
            case Deed.TWIN:
                return await self._double(blow)
            case Deed.LOSE | Deed.WIPE:
                return await self._lose(blow)
            case Deed.POWER:
                return await self._cut_power(blow)
            case Deed.SWITCH_OFF:
                return await self._switch_off(blow)
            case Deed.WEATHER:
                return await self._weather(blow)
            case Deed.FAULT:
                return await self._fault(blow)

    async def _pause(self, blow: Blow) -> bool:
        life = self._processes.freeze(blow.target)
        if life is None:
            return False
        await asyncio.sleep(blow.lasts_seconds)
        life.thaw()
        return True

    async def _double(self, blow: Blow) -> bool:
        """Only beside a first one; the second stands by for a moment before that one dies or is paused."""
        if not self._processes.start_twin(blow.target):
            return False
        await asyncio.sleep(STANDS_BY_SECONDS)
        if blow.detail == "kill":
            self._processes.kill(blow.target)
        paused = self._processes.freeze(blow.target) if blow.detail == "pause" else None
        await asyncio.sleep(blow.lasts_seconds)
        if paused is not None:
            paused.thaw()
            await asyncio.sleep(BOTH_SECONDS)
        self._processes.ask_to_stop(twin_of(blow.target))
        return True

    async def _lose(self, blow: Blow) -> bool:
        server = self._world.server(blow.target)
        if not server.is_up:
            return False
        server.stop()
        if blow.deed is Deed.WIPE:
            self._world.nats.wipe()
        await asyncio.sleep(blow.lasts_seconds)
        server.start()
        return True

    async def _cut_power(self, blow: Blow) -> bool:
        servers = [self._world.server(name) for name in ("postgres", "nats", "memory")]
        if not all(server.is_up for server in servers):
            return False
        for name in SERVICES:
            self._processes.kill(name)
        for server in servers:
            server.stop()
        self._world.nats.lose_tail(TAIL)
        await asyncio.sleep(blow.lasts_seconds)
        for server in servers:
            server.start()
        return True

    async def _switch_off(self, blow: Blow) -> bool:
        if not await self._tell("halt"):
            return False
        await asyncio.sleep(blow.lasts_seconds)
        while not await self._tell("resume"):
            await asyncio.sleep(TRY_AGAIN_SECONDS)
        return True

    async def _tell(self, act: str) -> bool:
        """Whether the database took it."""
        statement = "select halt(%s, %s, '')" if act == "halt" else "select resume(%s, %s, '')"
        try:
            await call(self._operator, statement, (self._account, ACTOR))
        except psycopg.Error:
            return False
        return True

    async def _weather(self, blow: Blow) -> bool:
        weather = self._world.venue.weather
        if getattr(weather, blow.target):
            return False
        setattr(weather, blow.target, WEATHER_CHANCE)
        await asyncio.sleep(blow.lasts_seconds)
        setattr(weather, blow.target, 0.0)
        return True

    async def _fault(self, blow: Blow) -> bool:
        """A venue that is started again has forgotten it."""
        if not self._world.venue.is_up:
            return False
        faults = self._world.venue.simulator.faults
        faults.switch_on(blow.target, Terms(chance=blow.chance, seconds=blow.lasts_seconds))
        await asyncio.sleep(blow.lasts_seconds)
        faults.switch_off(blow.target)
        return True
