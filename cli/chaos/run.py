"""One system, live at the simulator, tormented until shortly before its end; then it has to agree with the venue."""

from __future__ import annotations

import asyncio
import contextlib
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from cli.chaos.hand import Hand
from cli.chaos.plan import Blow, Deed, Targets, blows, faults, together
from cli.supervisor.environment import SERVICES
from cli.supervisor.plan import Plan
from cli.supervisor.record import read_record
from cli.supervisor.summary import Summary
from cli.supervisor.system import Say
from cli.supervisor.up import Up

QUIET_SECONDS = 30.0
"""At the end nothing is done, so that what was torn down has time to come back and to settle."""
LOOK_SECONDS = 0.5
TARGETS = Targets(SERVICES, ("postgres", "nats", "valkey"), "nats", "simulator")


@dataclass(slots=True)
class Torment:
    """What was done so far; a blow whose target was away just then did not strike."""

    struck: Counter[str] = field(default_factory=Counter[str])
    missed: int = 0

    def note(self, blow: Blow, *, is_struck: bool) -> None:
        if is_struck:
            self.struck[f"{blow.deed} {blow.target}"] += 1
        else:
            self.missed += 1

    @property
    def kills(self) -> int:
        return self._count(Deed.KILL, Deed.WIPE)

    @property
    def faults(self) -> int:
        return self._count(Deed.FAULT)

    def _count(self, *deeds: Deed) -> int:
        return sum(count for what, count in self.struck.items() if what.startswith(deeds))


@dataclass(frozen=True, slots=True)
class Verdict:
    """`summary` None when it was stopped before it was ready."""

    seed: int
    fault_seed: int | None
    seconds: float
    torment: Torment
    summary: Summary | None

    @property
    def is_sound(self) -> bool:
        """It traded, and nothing differs. Restarts and the errors that they log are what was asked for."""
        return self.summary is not None and self.summary.traded and not self.summary.differences

    def as_json(self) -> dict[str, object]:
        told = {} if self.summary is None else self.summary.as_json()
        return {
            "seed": self.seed,
            "fault_seed": self.fault_seed,
            "seconds": self.seconds,
            "kills": self.torment.kills,
            "faults": self.torment.faults,
            "blows": dict(sorted(self.torment.struck.items())),
            "missed": self.torment.missed,
            **told,
        }


async def run_chaos(plan: Plan, seed: int, fault_seed: int | None, seconds: float, say: Say) -> Verdict:
    """Raises what a start can raise."""
    torment, until_seconds = Torment(), max(0.0, seconds - QUIET_SECONDS)
    planned = together(blows(seed, TARGETS, until_seconds), faults(fault_seed, until_seconds))
    tormentor = asyncio.create_task(_torment(plan, planned, torment, say))
    try:
        summary = await Up(plan, say).run()
    finally:
        tormentor.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await tormentor
    return Verdict(seed, fault_seed, seconds, torment, summary)


async def _torment(plan: Plan, planned: Iterable[Blow], torment: Torment, say: Say) -> None:
    hand, loop = Hand(plan.home), asyncio.get_running_loop()
    await _ready(plan)
    began_seconds = loop.time()
    try:
        async with asyncio.TaskGroup() as under_way:
            for blow in planned:
                await asyncio.sleep(max(0.0, began_seconds + blow.at_seconds - loop.time()))
                under_way.create_task(_strike(hand, blow, torment, say))
    finally:
        hand.let_go()
    say(f"{torment.kills} kills; nothing is done any more until the end")


async def _strike(hand: Hand, blow: Blow, torment: Torment, say: Say) -> None:
    lasting = f" for {blow.lasts_seconds:g} s" if blow.lasts_seconds else ""
    say(f"{blow.at_seconds:7.1f} s: {blow.deed} {blow.target}{lasting}")
    torment.note(blow, is_struck=await hand.strike(blow))


async def _ready(plan: Plan) -> None:
    """Returns once every target has a process."""
    wanted = {*TARGETS.services, *TARGETS.servers, TARGETS.venue}
    while not wanted <= _running(plan):
        await asyncio.sleep(LOOK_SECONDS)


def _running(plan: Plan) -> set[str]:
    system = read_record(plan.home)
    return {process.name for process in system.processes} if system and system.alive else set()


def differences(verdict: Verdict) -> Sequence[str]:
    return () if verdict.summary is None else verdict.summary.differences
