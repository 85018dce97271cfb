"""`up` and `sim`: the whole system, or the simulator alone."""

import asyncio
import os
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated

import typer

from cli.errors import EXIT_FAILED, EXIT_INTERRUPTED, EXIT_USAGE, CommandError
from cli.output import AsJson, print_json, say_to_stderr, say_to_stdout
from cli.setting_options import ConfigFile, Given, settings_from, with_setting_options
from cli.supervisor.environment import plain_environment
from cli.supervisor.plan import Flow, Plan, make_plan
from cli.supervisor.summary import Summary
from cli.supervisor.up import Up
from shared.runtime.settings import Settings

CONFIRMATION = "LIVE"

Seed = Annotated[int | None, typer.Option("--seed", min=0, help="Simulator: make the flow up from this seed")]
Recording = Annotated[
    Path | None, typer.Option("--recording", metavar="FILE", help="Simulator: play this recording [default: ours]")
]
Faults = Annotated[
    str | None,
    typer.Option("--faults", metavar="NAME,...", help="Simulator: the venue's known problems (docs/faults.md)"),
]
FaultSeed = Annotated[
    int | None, typer.Option("--fault-seed", min=0, help="Simulator: such problems by the plan of this seed")
]


@with_setting_options
def up(
    *,
    given: Given,
    for_seconds: Annotated[
        float | None, typer.Option("--for", min=1, metavar="SECONDS", help="Stop by itself this long after it is ready")
    ] = None,
    seed: Seed = None,
    recording: Recording = None,
    faults: Faults = None,
    fault_seed: FaultSeed = None,
    yes: Annotated[bool, typer.Option("--yes", help="Trade live at Polymarket without being asked")] = False,
    as_json: AsJson = False,
    config_file: ConfigFile = None,
) -> None:
    """Start everything and trade: on paper at the built-in simulator unless told otherwise. Ctrl-C stops it.

    Starts Postgres, NATS, Valkey, the simulator and all services, watches and restarts them. With --for it stops by
    itself, prints a summary, and exits 0 only when it traded, nothing failed and our books agree with the simulator's.
    """

    def load(more: Mapping[str, object]) -> Settings:
        return settings_from(config_file, {**given, **more})

    flow = Flow(seed, recording, faults=faults, fault_seed=fault_seed)
    plan = make_plan(load, flow, for_seconds)
    _confirm_live(plan, yes=yes)
    summary = asyncio.run(Up(plan, say_to_stderr if as_json else say_to_stdout).run())
    if summary is None:
        raise typer.Exit(EXIT_INTERRUPTED)
    _report(summary, as_json=as_json)
    if not summary.sound or (for_seconds is not None and not summary.traded):
        raise typer.Exit(EXIT_FAILED)


def sim(
    port: Annotated[int, typer.Option("--port", min=0, max=65535, help="Where it listens; 0 = a free port")] = 8790,
    seed: Seed = None,
    recording: Recording = None,
    faults: Faults = None,
    fault_seed: FaultSeed = None,
    speed: Annotated[float, typer.Option("--speed", help="Domain seconds a second")] = 10.0,
    journal: Annotated[
        Path | None, typer.Option("--journal", metavar="DIR", help="Keep what happened, so that a kill loses nothing")
    ] = None,
) -> None:
    """Run the simulated venue alone, its clock started at once. The first line on stdout says where."""
    flow = Flow(seed, recording, faults=faults, fault_seed=fault_seed)
    source = ["--recording", str(flow.file)] if flow.file else ["--seed", str(seed)]
    kept = ["--journal", str(journal)] if journal else []
    options = ["--port", str(port), "--speed", str(speed), "--clock-now", *source, *flow.fault_options(), *kept]
    sys.stdout.flush()
    command = [sys.executable, "-m", "venue_sim", *options]
    os.execve(sys.executable, command, plain_environment())  # noqa: S606


def _confirm_live(plan: Plan, *, yes: bool) -> None:
    """Real money needs a key, credentials and a word."""
    settings = plan.settings
    if settings.venue != "polymarket" or settings.mode != "live":
        return
    for name in ("private_key_file", "api_credentials_file"):
        if getattr(settings, name) is None:
            option = name.replace("_", "-")
            raise CommandError(f"{name} is missing: live trading at Polymarket needs it; name --{option}", EXIT_USAGE)
    if yes:
        return
    if not sys.stdin.isatty():
        raise CommandError("live trading at Polymarket wants a typed confirmation; on a terminal, or --yes", EXIT_USAGE)
    sys.stderr.write(f"This places real orders with real money at {settings.clob_url}. Type {CONFIRMATION} to go on: ")
    sys.stderr.flush()
    if sys.stdin.readline().strip() != CONFIRMATION:
        raise CommandError("not confirmed; nothing was started", EXIT_USAGE)


def _report(summary: Summary, *, as_json: bool) -> None:
    for fault in summary.faults():
        say_to_stderr(fault)
    if as_json:
        print_json(summary.as_json())
        return
    for name, value in summary.as_json().items():
        say_to_stdout(f"{name:>20}  {value}")
