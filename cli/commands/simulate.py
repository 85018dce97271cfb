"""`simulate`: all services in one process on a clock of its own, crashes and lost networks from a seed."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from cli.errors import EXIT_FAILED, EXIT_USAGE, CommandError
from cli.output import AsJson, print_json, say_to_stderr, say_to_stdout
from cli.simulate.plan import TROUBLE_SECONDS, blows

if TYPE_CHECKING:
    from cli.simulate.run import Outcome

TOLD_EVERY = 20


@dataclass(slots=True)
class Tally:
    """What all seeds so far came to."""

    seeds: int = 0
    orders: int = 0
    fills: int = 0
    settled: int = 0
    turned_to_cash: int = 0
    processes_ended: int = 0
    exposure_peak_usd: Decimal = Decimal(0)
    deeds: Counter[str] = field(default_factory=Counter[str])

    def add(self, outcome: Outcome) -> None:
        self.seeds += 1
        self.orders += outcome.orders
        self.fills += outcome.fills
        self.settled += outcome.settled
        self.turned_to_cash += outcome.turned
        self.processes_ended += outcome.ends
        self.exposure_peak_usd = max(self.exposure_peak_usd, outcome.exposure_peak)
        self.deeds.update(outcome.deeds)

    def as_json(self) -> dict[str, Any]:
        return {
            "seeds": self.seeds,
            "orders": self.orders,
            "fills": self.fills,
            "settled": self.settled,
            "turned_to_cash": self.turned_to_cash,
            "processes_ended": self.processes_ended,
            "exposure_peak_usd": float(self.exposure_peak_usd),
            "deeds": dict(sorted(self.deeds.items())),
        }


def simulate(
    seeds: Annotated[str, typer.Option("--seeds", metavar="A-B", help="The seeds to run, or one: 1-1000, 17")] = "1-20",
    workers: Annotated[
        int, typer.Option("--workers", min=0, max=256, help="Processes at once [default: one a core]")
    ] = 0,
    log: Annotated[
        Path | None, typer.Option("--log", metavar="FILE", help="Every line the services log, of a single seed")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Run the services on a virtual clock, live at a simulator, through crashes and faults that each seed decides.

    One process plays all services, with the real SQL on a Postgres of its own in memory; a seed takes some seconds and
    is the same every time. The simulator's ledger is the judge: at every instant of the limit and of orders that nobody
    wrote down, at the end of every order, fill, position and dollar. Stops at the first seed that is not sound and says
    how to repeat it. Exits 0 only when all are sound.
    """
    wanted = _parsed(seeds)
    if log is not None and len(wanted) > 1:
        raise CommandError("--log wants a single seed; give one, as in --seeds 17", EXIT_USAGE)
    from cli.simulate.crew import embedded_postgres, simulate_all  # noqa: PLC0415 it imports every service

    tally, broken = Tally(), None
    with embedded_postgres() as postgres_url:
        crew = min(len(wanted), workers or os.cpu_count() or 1)
        for outcome in _watched(simulate_all(wanted, crew, postgres_url, log=log), len(wanted)):
            tally.add(outcome)
            if outcome.violations:
                broken = outcome
                break
    _report(tally, broken, as_json=as_json)
    if broken is not None:
        raise typer.Exit(EXIT_FAILED)


def _watched(outcomes: Iterator[Outcome], count: int) -> Iterator[Outcome]:
    """A bar on a terminal, now and then a line in a file."""
    console = Console(stderr=True)
    if not console.is_terminal:
        yield from _told_of(outcomes, count)
        return
    columns = (TextColumn("seeds"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console, transient=True) as progress:
        yield from progress.track(outcomes, total=count)


def _told_of(outcomes: Iterator[Outcome], count: int) -> Iterator[Outcome]:
    for number, outcome in enumerate(outcomes, start=1):
        yield outcome
        if number % TOLD_EVERY == 0 and number < count:
            say_to_stderr(f"{number} of {count} seeds are sound")


def _report(tally: Tally, broken: Outcome | None, *, as_json: bool) -> None:
    if broken is not None:
        for blow in blows(broken.seed, TROUBLE_SECONDS):
            say_to_stderr(f"seed {broken.seed}: {blow}")
        for line in broken.violations:
            say_to_stderr(f"seed {broken.seed} is not sound: {line}")
        say_to_stderr(f"once more, with all that is logged: tdmaker simulate --seeds {broken.seed} --log FILE")
    told = {**tally.as_json(), "first_broken_seed": None if broken is None else broken.seed}
    if as_json:
        print_json(told)
        return
    for name, value in told.items():
        say_to_stdout(f"{name:>20}  {value}")


def _parsed(text: str) -> range:
    """Raises CommandError."""
    first, _, last = text.partition("-")
    if not first.isdecimal() or not (last or first).isdecimal() or int(last or first) < int(first):
        raise CommandError(f"--seeds={text}: no range of seeds; give A-B or one number, as in 1-1000", EXIT_USAGE)
    return range(int(first), int(last or first) + 1)
