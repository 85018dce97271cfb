"""Every service dies at every point that it passes, while the whole trades; how long after its restart our orders and
the venue's are the same again.

All processes real, live at the simulator; the wall seconds count from the start of the process that follows.
"""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import AsyncExitStack, suppress
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from cli.errors import CommandError
from cli.readings import Connection
from cli.running import read_at
from cli.simulator import ask_simulator
from cli.supervisor.lock import home_held
from cli.supervisor.plan import Plan
from cli.supervisor.system import Say, System
from cli.supervisor.units import ServiceUnit
from shared.fault_points import CRASHED, PASSED
from shared.runtime.clock import RealClock

BOUND_SECONDS = 15.0
GIVE_UP_SECONDS = 60.0
LOOK_SECONDS = 0.1
ELSEWHERE = frozenset(
    {
        *(("executor", "redemption_recorded"), ("executor", "redemption_submitted")),
        *(("fills", "delivery_handled"), ("notifier", "delivery_handled")),
    }
)
"""Passed by a deposit wallet, on paper, or with a token of Telegram's alone."""
LIVING = frozenset({"live", "partly_filled"})
IN_DOUBT = frozenset({"uncertain", "cancelling"})
"""Where they do not live at the venue. One that was reserved and perhaps never sent stays so until its absence is
proven, about 22 s after its reservation; its dollars are kept for it meanwhile."""
ORDERS = "select venue_order_id, status::text, recorded_at < %s from orders where account_id = %s"


@dataclass(frozen=True, slots=True)
class Crash:
    """`seconds` from the restart until all was the same, None when that took longer than anybody waits; `in_doubt` of
    our orders did not live at the venue then and were not over either. `last` is what was open longest, if anything was
    when the service was ready. `reached` is false when no such instant came."""

    service: str
    point: str
    seconds: float | None = None
    in_doubt: int = 0
    last: str = ""
    reached: bool = True

    @property
    def is_in_time(self) -> bool:
        return self.seconds is not None and self.seconds <= BOUND_SECONDS


@dataclass(frozen=True, slots=True)
class OwnOrder:
    """`is_older` than the restart: what came afterwards is not the crash's."""

    status: str
    is_older: bool


def open_questions(own: Mapping[str, OwnOrder], live: Collection[str]) -> Iterator[str]:
    """One line each, by the venue's ids. Of orders in doubt none is one: they must not live there."""
    for order in sorted(set(live) - own.keys()):
        yield f"{order} lives at the venue and is unknown"
    for order, known in own.items():
        if known.is_older and known.status == "submitting":
            yield f"{order} is submitting"
        elif known.is_older and (known.status in LIVING) != (order in live):
            yield f"{order} is {known.status} and {'lives' if order in live else 'does not live'} at the venue"


def points_of(services: Collection[str]) -> Sequence[tuple[str, str]]:
    """Of these services, or of all."""
    return [
        (service, point)
        for service, points in PASSED.items()
        for point in points
        if (service in services or not services) and (service, point) not in ELSEWHERE
    ]


async def measure_crashes(
    plan: Plan, points: Sequence[tuple[str, str]], within_seconds: float, say: Say
) -> list[Crash]:
    """`within_seconds` is how long each instant is waited for. Raises whatever a start can raise."""
    plan.home.make()
    with home_held(plan.home):
        async with AsyncExitStack() as stack:
            system = System(plan, RealClock(), say)
            await system.start(stack)
            crashes: list[Crash] = []
            for service, point in points:
                await _all_running(system, say)
                crashes.append(crash := await _crash(system, service, point, within_seconds))
                say(f"{service} at {point}: {_told(crash)}")
            return crashes


def _told(crash: Crash) -> str:
    if not crash.reached:
        return "never came there"
    seconds = "not the same" if crash.seconds is None else f"{crash.seconds:.1f} s"
    return f"{seconds}; last open: {crash.last}" if crash.last else seconds


async def _all_running(system: System, say: Say) -> None:
    for unit in system.services:
        if unit.child is None or unit.child.ended:
            say(f"{unit.name} had ended by itself")
            await unit.start()


async def _crash(system: System, service: str, point: str, within_seconds: float) -> Crash:
    unit = next(each for each in system.services if each.name == service)
    has_died = await _died(unit, point, within_seconds)
    since = await asyncio.to_thread(read_at, system.settings.postgres_url, _now)
    began_seconds = asyncio.get_running_loop().time()
    await unit.start()
    if not has_died:
        return Crash(service, point, reached=False)
    is_same, last = await _until_same(system, since)
    seconds = asyncio.get_running_loop().time() - began_seconds if is_same else None
    own = (await _own_orders(system, since)).values()
    in_doubt = sum(each.is_older and each.status in IN_DOUBT for each in own)
    return Crash(service, point, seconds, in_doubt, last)


async def _died(unit: ServiceUnit, point: str, within_seconds: float) -> bool:
    """Whether it came there, be it while starting."""
    await unit.stop()
    unit.fault_point = point
    with suppress(TimeoutError):
        async with asyncio.timeout(within_seconds):
            with suppress(CommandError):
                await unit.start()
            if unit.child is not None:
                await unit.child.wait()
    unit.fault_point = ""
    has_died = unit.child is not None and unit.child.process.returncode == CRASHED
    await unit.stop()
    return has_died


async def _until_same(system: System, since: datetime) -> tuple[bool, str]:
    """Whether it is, and what was open last."""
    last = ""
    with suppress(TimeoutError):
        async with asyncio.timeout(GIVE_UP_SECONDS):
            while found := await _look(system, since):
                last = found[-1]
                await asyncio.sleep(LOOK_SECONDS)
            return True, last
    return False, last


async def _look(system: System, since: datetime) -> list[str]:
    """The venue first: whatever lives there was written down before."""
    live = await _live_orders(system)
    return [*open_questions(await _own_orders(system, since), live)]


async def _own_orders(system: System, since: datetime) -> Mapping[str, OwnOrder]:
    def read(tables: Connection) -> Mapping[str, OwnOrder]:
        rows = tables.execute(ORDERS, (since, system.account)).fetchall()
        return {str(order): OwnOrder(str(status), bool(is_older)) for order, status, is_older in rows}

    return await asyncio.to_thread(read_at, system.settings.postgres_url, read)


async def _live_orders(system: System) -> set[str]:
    ledger: Mapping[str, Any] = await ask_simulator(system.settings.sim_url, "GET", "/sim/referee")
    ours = [each for each in ledger["orders"] if each["address"].lower() == system.address.lower()]
    return {each["order_id"] for each in ours if each["status"] == "LIVE"}


def _now(tables: Connection) -> datetime:
    (now,) = tables.execute("select clock_timestamp()").fetchall()[0]
    return now
