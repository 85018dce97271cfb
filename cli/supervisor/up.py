"""One `up` from its first process to its last."""

import asyncio
import contextlib
import signal
from collections.abc import AsyncGenerator, Coroutine
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime

from cli import readings
from cli.errors import CommandError
from cli.running import read_at
from cli.supervisor.agreement import differences
from cli.supervisor.environment import SERVICES
from cli.supervisor.leftovers import end_leftovers
from cli.supervisor.lock import home_held
from cli.supervisor.logs import LogWatch
from cli.supervisor.plan import Plan, refuse_full_disk
from cli.supervisor.record import forget_record
from cli.supervisor.status_line import status_line
from cli.supervisor.summary import Summary
from cli.supervisor.system import Say, System
from cli.supervisor.watch import Watch
from shared.bus.remembered import new_redis, remembered_levels
from shared.messages.discovery import TopChanged
from shared.runtime.clock import RealClock
from shared.runtime.settings import Settings

LOOK_SECONDS = 1.0
STATUS_EVERY_LOOKS = 30
OTHER_LOGS = ("simulator", "postgres", "nats", "valkey")
STOP_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


@dataclass(slots=True)
class Up:
    """`say` takes one line a stage; `stopping` is set by Ctrl-C and its like."""

    plan: Plan
    say: Say
    clock: RealClock = field(default_factory=RealClock)
    stopping: asyncio.Event = field(default_factory=asyncio.Event)

    async def run(self) -> Summary | None:
        """Starts, watches until it is time to stop, and stops. None when it was stopped before it was ready.

        Raises CommandError, ServerError, SettingsError or MigrationError when it cannot start.
        """
        home = self.plan.home
        home.make()
        refuse_full_disk(home)
        with home_held(home):
            async with self._signals(), AsyncExitStack() as stack:
                return await self._run_held(stack)

    async def _run_held(self, stack: AsyncExitStack) -> Summary | None:
        home, began_seconds = self.plan.home, self.clock.monotonic_seconds()
        system = System(self.plan, self.clock, self.say)
        if ended := await end_leftovers(home):
            self.say(f"ended {ended} processes that an earlier start left behind")
        stack.callback(forget_record, home)
        logs = LogWatch(tuple(home.log_of(name) for name in (*SERVICES, *OTHER_LOGS)))
        logs.begin()
        if not await self._unless_stopped(system.start(stack)):
            return None
        ready_s = self.clock.monotonic_seconds() - began_seconds
        settings = system.settings
        page = f"http://{settings.control_host}:{settings.control_port}/"
        self.say(f"ready in {ready_s:.1f} s; the page is {page}, its tokens are in {settings.control_token_file}")
        return await self._watch(system, logs, ready_s)

    async def _watch(self, system: System, logs: LogWatch, ready_s: float) -> Summary:
        settings, account, started_at = system.settings, system.account, system.started_at
        watch = Watch(self.clock, self.say, system.write_record)
        async with _beside(*(watch.keep_running(unit) for unit in system.units())):
            await self._report(settings, account, logs, started_at)
            found = await differences(settings, account, system.address, self.clock, hurried=self.stopping.is_set())
            progress = await _progress(settings.postgres_url, account, started_at)
        await system.stop_services()
        logs.look()
        unclean = [unit.name for unit in system.services if unit.child and unit.child.process.returncode]
        return Summary(
            mode=settings.mode,
            venue=settings.venue,
            progress=progress,
            differences=tuple(found),
            errors=logs.errors + len(unclean),
            last_errors=(*logs.last_errors, *(f"{name} did not stop cleanly" for name in unclean)),
            restarts=watch.total_restarts,
            ready_s=ready_s,
            started_at=started_at,
        )

    async def _report(self, settings: Settings, account: str, logs: LogWatch, started_at: datetime) -> None:
        """Looks at the logs and says how it goes, until it is time to stop."""
        until_seconds = self.clock.monotonic_seconds() + (self.plan.for_seconds or float("inf"))
        looks = 0
        while not self.stopping.is_set() and (left := until_seconds - self.clock.monotonic_seconds()) > 0:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(min(LOOK_SECONDS, left)):
                    await self.stopping.wait()
            logs.look()
            looks += 1
            if looks % STATUS_EVERY_LOOKS == 0:
                with contextlib.suppress(CommandError):
                    self.say(await _status(settings, account, started_at))

    @asynccontextmanager
    async def _signals(self) -> AsyncGenerator[None]:
        loop = asyncio.get_running_loop()
        for number in STOP_SIGNALS:
            loop.add_signal_handler(number, self._stop, number.name)
        try:
            yield
        finally:
            for number in STOP_SIGNALS:
                loop.remove_signal_handler(number)

    def _stop(self, reason: str) -> None:
        if not self.stopping.is_set():
            self.say(f"stopping ({reason})")
            self.stopping.set()

    async def _unless_stopped(self, work: Coroutine[None, None, None]) -> bool:
        """Whether `work` was finished; a stop cancels it."""
        task, stop = asyncio.create_task(work), asyncio.create_task(self.stopping.wait())
        await asyncio.wait({task, stop}, return_when=asyncio.FIRST_COMPLETED)
        stop.cancel()
        if task.done():
            task.result()
            return True
        task.cancel()
        await asyncio.wait({task})
        return False


@asynccontextmanager
async def _beside(*work: Coroutine[None, None, None]) -> AsyncGenerator[None]:
    """Runs beside the block and is cancelled at its end."""
    tasks = [asyncio.create_task(each) for each in work]
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def _progress(postgres_url: str, account: str, since: datetime) -> readings.Progress:
    def read(tables: readings.Connection) -> readings.Progress:
        return readings.progress(tables, account, since)

    return await asyncio.to_thread(read_at, postgres_url, read)


async def _status(settings: Settings, account: str, since: datetime) -> str:
    def read(tables: readings.Connection) -> list[readings.CurrentOutcome]:
        return readings.current_outcomes(tables, settings.venue)

    progress = await _progress(settings.postgres_url, account, since)
    outcomes = await asyncio.to_thread(read_at, settings.postgres_url, read)
    tops = await remembered_levels(new_redis(settings.redis_url), TopChanged)
    return status_line(progress, outcomes, {top.token: top for top in tops})
