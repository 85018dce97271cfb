"""`bench`: how fast the whole is, on this machine, now."""

import asyncio
import shutil
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Literal

import typer
from rich.table import Table

from cli.bench.crashes import BOUND_SECONDS, Crash, measure_crashes, points_of
from cli.bench.door import DoorReport, TooFewSamplesError, measure_door
from cli.bench.spans import Spread
from cli.errors import EXIT_FAILED, CommandError
from cli.output import AsJson, print_json, print_table, say_to_stderr
from cli.supervisor.plan import Flow, make_plan
from shared.fault_points import PASSED
from shared.runtime.settings import Settings, load_settings

MEMORY = Path("/dev/shm")  # noqa: S108 the kernel's own in-memory file system
COINS = 30
DOMAIN_SPEED = 30
WITHIN_SECONDS_A_SAMPLE = 1.0
START_ALLOWANCE_SECONDS = 30.0

bench = typer.Typer(help="Measure latencies on this machine.", no_args_is_help=True)


@bench.callback()
def about() -> None:
    """Measure latencies on this machine."""


@bench.command()
def door(
    samples: Annotated[int, typer.Option("--samples", min=10, max=5000, help="Markets that enter the range")] = 200,
    data: Annotated[
        Literal["disk", "memory"], typer.Option("--data", help="Where the servers keep their data directories")
    ] = "disk",
    as_json: AsJson = False,
) -> None:
    """From a book frame leaving the simulator to the signed order arriving there, durable commit included.

    Starts a system of its own in a temporary home, live at the simulator, and prints p50, p95 and p99 with the floors
    on that path measured in the same run. About a second a four samples.
    """
    if data == "memory" and not MEMORY.is_dir():
        raise CommandError(f"--data=memory: there is no {MEMORY} here; measure on disk")
    home = Path(tempfile.mkdtemp(prefix="tdmaker-bench-", dir=MEMORY if data == "memory" else None))
    try:
        report = asyncio.run(_measure(home, data, samples))
    except TooFewSamplesError as error:
        raise CommandError(f"{error}; ask for fewer with --samples, or look into the logs of a run of `up`") from None
    finally:
        shutil.rmtree(home, ignore_errors=True)
    if as_json:
        print_json(report.as_json())
    else:
        _print(report)


@bench.command()
def crashes(
    service: Annotated[list[str] | None, typer.Option("--service", help="Of these alone; may be given often")] = None,
    within_seconds: Annotated[
        float, typer.Option("--within", min=10, metavar="SECONDS", help="How long each instant is waited for")
    ] = 90,
    as_json: AsJson = False,
) -> None:
    """How long after its restart a service that died at a named instant has left our orders and the venue's the same.

    Starts a system of its own in a temporary home, live at the simulator, and lets each service die at each point that
    it passes (`shared/fault_points.py`) while all trade. Exits 0 only when each took 15 s at most; an instant that did
    not come is told and proves nothing. About half a minute a point.
    """
    points = points_of(service or ())
    if not points:
        raise CommandError(f"--service: there are {', '.join(PASSED)}")
    home = Path(tempfile.mkdtemp(prefix="tdmaker-bench-"))
    try:
        plan = make_plan(lambda more: _trading_settings(home, more), Flow(seed=1), None)
        found = asyncio.run(measure_crashes(plan, points, within_seconds, say_to_stderr))
    finally:
        shutil.rmtree(home, ignore_errors=True)
    if as_json:
        print_json([asdict(each) for each in found])
    else:
        _print_crashes(found)
    if not all(each.is_in_time for each in found if each.reached):
        raise typer.Exit(EXIT_FAILED)


def _trading_settings(home: Path, more: Mapping[str, object]) -> Settings:
    """Small orders, so that no limit binds; the stop-loss sells at the first step down, so that there are sales."""
    chosen: dict[str, object] = {
        "home": home,
        "venue": "sim",
        "mode": "live",
        "symbols": "btc,eth,sol,xrp",
        "slot_duration": "both",
        "control_port": 0,
        "order_size": 5,
        "max_exposure": 900,
        "stoploss_peak": "0.75",
        "stoploss_exit": "0.74",
        "stoploss_fair_margin": 1,
        "cb_max_losses": 1000,
        "cb_max_drawdown": -1_000_000,
        "cb_daily_limit": -1_000_000,
    }
    return load_settings(None, {**chosen, **more}, environ={})


def _print_crashes(found: Sequence[Crash]) -> None:
    table = Table(title=f"restart until our orders are the venue's; {BOUND_SECONDS:g} s at most")
    for column in ("service", "died at", "seconds", "in doubt"):
        table.add_column(column, justify="right" if column in ("seconds", "in doubt") else "left")
    for each in found:
        seconds = "not the same" if each.seconds is None else f"{each.seconds:.1f}"
        table.add_row(each.service, each.point, seconds if each.reached else "never came there", str(each.in_doubt))
    print_table(table)


async def _measure(home: Path, data: str, samples: int) -> DoorReport:
    within_seconds = START_ALLOWANCE_SECONDS + samples * WITHIN_SECONDS_A_SAMPLE
    plan = make_plan(lambda more: _settings(home, more), Flow(seed=1, steps=True), None)
    return await measure_door(plan, data, samples, within_seconds, say_to_stderr)


def _settings(home: Path, more: Mapping[str, object]) -> Settings:
    """Ordinary rules; many coins, short slots and a hurried clock, so that many markets enter the range."""
    coins = ",".join(f"b{number:02d}" for number in range(COINS))
    chosen: dict[str, object] = {
        "home": home,
        "venue": "sim",
        "mode": "live",
        "symbols": coins,
        "slot_duration": "both",
        "speed": DOMAIN_SPEED,
        "order_size": 5,
        "max_exposure": 900,
        "wallet": 1000,
    }
    return load_settings(None, {**chosen, **more}, environ={})


def _print(report: DoorReport) -> None:
    table = Table(title=f"door, data directories on {report.data}")
    for column in ("", "samples", "p50 ms", "p95 ms", "p99 ms"):
        table.add_column(column, justify="left" if column == "" else "right")
    for name, found in {"book frame to order": report.door, **report.floors}.items():
        table.add_row(name, *_row(found))
    for stage, mean in report.stages_ms.items():
        table.add_row(f"{stage} (mean)", "", f"{mean:.3f}", "", "")
    print_table(table)


def _row(found: Spread) -> tuple[str, str, str, str]:
    return str(found.samples), f"{found.p50_ms:.2f}", f"{found.p95_ms:.2f}", f"{found.p99_ms:.2f}"
