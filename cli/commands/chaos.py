"""`chaos`: the real processes, killed and paused at random, and the venue's ledger as the judge."""

import asyncio
import shutil
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated

import typer

from cli.chaos.run import QUIET_SECONDS, Verdict, differences, run_chaos
from cli.errors import EXIT_FAILED, EXIT_INTERRUPTED
from cli.output import AsJson, print_json, say_to_stderr, say_to_stdout
from cli.supervisor.plan import Flow, make_plan
from shared.runtime.settings import Settings, load_settings

COINS = "btc,eth,sol,xrp"
LEAST_SECONDS = QUIET_SECONDS + 40


def chaos(
    seed: Annotated[int, typer.Option("--seed", min=0, help="Decides what is done, when, and how the market moves")],
    for_seconds: Annotated[
        float,
        typer.Option("--for", min=LEAST_SECONDS, metavar="SECONDS", help="How long, the quiet end included"),
    ] = 1800,
    fault_seed: Annotated[
        int | None, typer.Option("--fault-seed", min=0, help="The venue's known problems too, by the plan of this seed")
    ] = None,
    keep: Annotated[
        Path | None, typer.Option("--keep", metavar="DIR", help="A home to run in, kept [default: a temporary one]")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Trade live at the simulator while processes are killed and paused, servers lost and streams deleted.

    With --fault-seed the venue misbehaves as well. Everything runs in a home of its own on free ports and is gone
    afterwards; a home in which something differed is kept. Exits 0 only when it traded and every order, fill, position
    and dollar agrees with the simulator's own ledger.
    """
    home = keep or Path(tempfile.mkdtemp(prefix="tdmaker-chaos-"))

    def load(more: Mapping[str, object]) -> Settings:
        return load_settings(None, {**_settings(home), **more}, environ={})

    plan = make_plan(load, Flow(seed=seed), for_seconds)
    verdict = asyncio.run(run_chaos(plan, seed, fault_seed, for_seconds, say_to_stderr))
    _report(verdict, as_json=as_json)
    if verdict.is_sound and keep is None:
        shutil.rmtree(home, ignore_errors=True)
    elif not verdict.is_sound:
        faults = "" if fault_seed is None else f" --fault-seed {fault_seed}"
        say_to_stderr(f"kept for a look: {home}; once more with --seed {seed}{faults} --for {for_seconds:g}")
    if verdict.summary is None:
        raise typer.Exit(EXIT_INTERRUPTED)
    if not verdict.is_sound:
        raise typer.Exit(EXIT_FAILED)


def _settings(home: Path) -> dict[str, object]:
    return {
        "home": home,
        "venue": "sim",
        "mode": "live",
        "symbols": COINS,
        "slot_duration": "both",
        "control_port": 0,
        "cb_max_losses": 1000,
        "cb_max_drawdown": -1_000_000,
        "cb_daily_limit": -1_000_000,
    }


def _report(verdict: Verdict, *, as_json: bool) -> None:
    for line in differences(verdict):
        say_to_stderr(f"differs: {line}")
    if as_json:
        print_json(verdict.as_json())
        return
    for name, value in verdict.as_json().items():
        say_to_stdout(f"{name:>20}  {value}")
