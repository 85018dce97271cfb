"""Runs one service: settings, logs, health, signals, watched background tasks, a stop within a bound."""

import asyncio
import os
import signal
import sys
from collections.abc import Awaitable, Callable, Coroutine, Generator, Iterator
from contextlib import AsyncExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar, cast

import uvloop

from shared.runtime.clock import AnnouncedClock, PacedClock, ReadOrigin, RealClock
from shared.runtime.health import Readiness, bound_port, health_routes, start_health_server
from shared.runtime.logs import Log, configure_logs, get_log, redacted
from shared.runtime.metrics import Metrics
from shared.runtime.settings import Settings, SettingsError, load_settings, start_warnings

EXIT_OK = 0
EXIT_FAILED = 1
EXIT_BAD_SETTING = 2
CANCEL_AGAIN_SECONDS = 0.5
WAIT_PAUSE_MIN_SECONDS = 0.1
WAIT_PAUSE_MAX_SECONDS = 3.0
T = TypeVar("T")


class BackgroundTaskDiedError(Exception):
    """A task that must run as long as the service does has ended."""


@dataclass(frozen=True, slots=True)
class ServiceContext:
    """What a service's bootstrap is given.

    `resources` is closed, last first, when the service stops, after its background tasks have been cancelled.
    `clock_started` is set once domain time runs; time-driven work awaits it.
    """

    name: str
    settings: Settings
    clock: PacedClock
    clock_started: asyncio.Event
    log: Log
    metrics: Metrics
    readiness: Readiness
    resources: AsyncExitStack
    stopping: asyncio.Event
    background_tasks: set[asyncio.Task[None]]
    tasks: asyncio.TaskGroup

    def background(self, task_name: str, work: Coroutine[None, None, None]) -> None:
        """Runs `work` until the service stops; if it ends before, by itself or by an error, the service fails."""
        self.until_stopped(self._watched(task_name, work), task_name)

    async def _watched(self, task_name: str, work: Coroutine[None, None, None]) -> None:
        try:
            await work
        except Exception as error:
            raise BackgroundTaskDiedError(f"{task_name}: {_described(error)}") from error
        if not self.stopping.is_set():
            raise BackgroundTaskDiedError(f"{task_name}: ended by itself")

    def follow_clock(self, read: ReadOrigin) -> None:
        """Lets domain time run once `read` knows the origin; a real clock runs already."""
        if isinstance(self.clock, AnnouncedClock):
            self.until_stopped(self.clock.follow(read), "clock")

    def until_stopped(self, work: Coroutine[None, None, None], task_name: str) -> None:
        """Runs `work` until it ends or the service stops; an error of it fails the service."""
        task = self.tasks.create_task(work, name=task_name)
        self.background_tasks.add(task)
        task.add_done_callback(self.background_tasks.discard)

    async def wait_for(self, what: str, attempt: Callable[[], Awaitable[T]]) -> T:
        """Tries until it works, since start order is free; /readyz names what is waited for. Returns its result."""
        self.readiness.missing(what)
        pause_seconds = WAIT_PAUSE_MIN_SECONDS
        while True:
            try:
                result = await attempt()
            except SettingsError:
                raise
            except Exception as error:  # noqa: BLE001 whatever is wrong with it, it may come up later
                self.log.warning("waiting_for", what=what, reason=_described(error))
                await asyncio.sleep(pause_seconds)
                pause_seconds = min(pause_seconds * 2, WAIT_PAUSE_MAX_SECONDS)
            else:
                self.readiness.present(what)
                return result

    def stop(self) -> None:
        """Asks for a graceful stop."""
        self.stopping.set()


Start = Callable[[ServiceContext], Awaitable[None]]


def main(name: str, start: Start) -> int:
    """The body of a service's `__main__`: settings from the environment, then run; returns the exit code."""
    try:
        config = os.environ.get("TDMAKER_CONFIG_FILE")
        settings = load_settings(Path(config) if config else None)
    except SettingsError as error:
        sys.stderr.write(f"{error}\n")
        return EXIT_BAD_SETTING
    return uvloop.run(run_service(name, settings, start))


async def run_service(name: str, settings: Settings, start: Start) -> int:
    """Runs until SIGTERM, SIGINT or a failure; returns the exit code.

    `start` builds and connects everything and returns; it may raise SettingsError for what it cannot work with.
    """
    try:
        clock = _clock(settings)
    except SettingsError as error:
        sys.stderr.write(f"{error}\n")
        return EXIT_BAD_SETTING
    configure_logs(name, settings.run_id, settings.log_level, clock)
    log = get_log()
    try:
        await _run(name, settings, start, clock, log)
    except (Exception, BaseExceptionGroup) as failure:  # noqa: BLE001 a resource that would not close is one, too
        return _log_failure(failure, log)
    log.info("service_stopped")
    return EXIT_OK


async def _run(name: str, settings: Settings, start: Start, clock: PacedClock, log: Log) -> None:
    """Health is there first and goes last."""
    stopping = asyncio.Event()
    metrics, readiness = Metrics(name), Readiness()
    with _signals_set(stopping), _bounded_stop(settings.stop_timeout, log) as stop_begins:
        server = await _health_server(name, settings, readiness, metrics)
        try:
            log.info("service_starting", http_host=settings.http_host, http_port=bound_port(server))
            for warning in start_warnings(settings):
                log.warning("setting_warning", reason=warning)
            inside = Inside(name, settings, clock, log, metrics, readiness, stopping)
            await work_inside(inside, start, stop_begins)
        finally:
            server.close()


@dataclass(frozen=True, slots=True)
class Inside:
    """A service but for its process: no signals, no health server."""

    name: str
    settings: Settings
    clock: PacedClock
    log: Log
    metrics: Metrics
    readiness: Readiness
    stopping: asyncio.Event


async def work_inside(inside: Inside, start: Start, stop_begins: Callable[[], None]) -> None:
    """Until it is asked to stop: then background tasks are cancelled, other tasks finish, resources close. Raises what
    made it fail, in a group."""
    async with AsyncExitStack() as resources, asyncio.TaskGroup() as tasks:
        context = ServiceContext(
            name=inside.name,
            settings=inside.settings,
            clock=inside.clock,
            clock_started=_clock_started(inside.clock),
            log=inside.log,
            metrics=inside.metrics,
            readiness=inside.readiness,
            resources=resources,
            stopping=inside.stopping,
            background_tasks=set(),
            tasks=tasks,
        )
        try:
            await _work(context, start)
        finally:
            stop_begins()


async def _work(context: ServiceContext, start: Start) -> None:
    """Returns when a stop is asked for and the background tasks are told to end."""
    context.until_stopped(_start(context, start), "start")
    await context.stopping.wait()
    context.readiness.missing("stopping")
    context.log.info("service_stopping")
    context.tasks.create_task(_end_background(context.background_tasks), name="end")


async def _end_background(tasks: set[asyncio.Task[None]]) -> None:
    """Cancels until they have ended: on Python 3.11 `wait_for`, which libraries use, swallows a cancellation that comes
    in the same step as what it waited for."""
    while waiting := tuple(tasks):
        for task in waiting:
            task.cancel()
        await asyncio.wait(waiting, timeout=CANCEL_AGAIN_SECONDS)


async def _start(context: ServiceContext, start: Start) -> None:
    await start(context)
    context.readiness.present("start")
    context.log.info("service_started")


async def _health_server(name: str, settings: Settings, readiness: Readiness, metrics: Metrics) -> asyncio.Server:
    host, port = settings.http_host, settings.http_port
    try:
        return await start_health_server(host, port, health_routes(name, readiness, metrics))
    except OSError as error:
        reason = error.strerror or str(error)
        raise SettingsError(
            f"http_port={port}: cannot listen on {host} ({reason}); free the port, give another, or 0 for a free one"
        ) from None


@contextmanager
def _signals_set(stopping: asyncio.Event) -> Generator[None, None, None]:
    loop = asyncio.get_running_loop()
    wanted = (signal.SIGTERM, signal.SIGINT)
    for number in wanted:
        loop.add_signal_handler(number, stopping.set)
    try:
        yield
    finally:
        for number in wanted:
            loop.remove_signal_handler(number)


@contextmanager
def _bounded_stop(bound_seconds: float, log: Log) -> Generator[Callable[[], None], None, None]:
    """Yields a call that starts the countdown: a stop that hangs ends the process."""
    timers: list[asyncio.TimerHandle] = []

    def give_up() -> None:
        log.error("stop_took_too_long", bound_seconds=bound_seconds, waiting_in=_stuck_places())
        os._exit(EXIT_FAILED)

    def begin() -> None:
        timers.append(asyncio.get_running_loop().call_later(bound_seconds, give_up))

    try:
        yield begin
    finally:
        for timer in timers:
            timer.cancel()


def _stuck_places() -> list[str]:
    """Where each task that has not ended stands, innermost frame."""
    places: list[str] = []
    for task in asyncio.all_tasks():
        frames = task.get_stack(limit=4)
        where = " < ".join(f"{Path(frame.f_code.co_filename).name}:{frame.f_lineno}" for frame in reversed(frames))
        places.append(f"{task.get_name()} at {where}")
    return places


def _log_failure(failure: BaseException, log: Log) -> int:
    """One line for each cause; 2 when a setting is to blame."""
    causes = list(_causes(failure))
    for cause in causes:
        log.error("service_failed", reason=_described(cause))
        log.debug("service_failed_trace", exc_info=cause)
    return EXIT_BAD_SETTING if all(isinstance(cause, SettingsError) for cause in causes) else EXIT_FAILED


def _causes(failure: BaseException) -> Iterator[BaseException]:
    if isinstance(failure, BaseExceptionGroup):
        group = cast("BaseExceptionGroup[BaseException]", failure)
        for inner in group.exceptions:
            yield from _causes(inner)
    else:
        yield failure


def _described(error: BaseException) -> str:
    if isinstance(error, SettingsError | BackgroundTaskDiedError):
        return str(error)
    return redacted(f"{type(error).__name__}: {error}")


def _clock(settings: Settings) -> PacedClock:
    if settings.clock == "announced":
        return AnnouncedClock(settings.speed)
    if settings.speed != 1:
        raise SettingsError(f"speed={settings.speed:g}: needs clock=announced, a common origin of domain time")
    return RealClock()


def _clock_started(clock: PacedClock) -> asyncio.Event:
    if isinstance(clock, AnnouncedClock):
        return clock.started
    started = asyncio.Event()
    started.set()
    return started
