"""`replay`: what these settings would have done in a recording."""

import logging
from collections.abc import Callable, Generator, Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import asdict
from multiprocessing import get_context
from pathlib import Path
from typing import Annotated

import structlog
import typer
from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeElapsedColumn
from rich.table import Table

from cli.errors import EXIT_FAILED, EXIT_USAGE, CommandError
from cli.home import Home
from cli.output import AsJson, print_json, print_rows, print_table, say_to_stderr, say_to_stdout
from cli.running import with_tables
from cli.setting_options import ConfigFile, Given, settings_from, with_setting_options
from lab.replay.against import Finding, findings
from lab.replay.frames import BadRecordingError
from lab.replay.journals import JournalCompared, compare_each
from lab.replay.output import as_document, write
from lab.replay.run import CannotReplayError, Outcome
from lab.replay.run import replay as replay_recording
from lab.replay.summary import Summary
from lab.replay.traded import pairs_of, replayed
from shared.runtime.journal import JournalError
from shared.runtime.settings import start_warnings

Said = Callable[[int, int], None]


@with_setting_options
def replay(
    *,
    given: Given,
    recording: Annotated[
        Path,
        typer.Argument(metavar="RECORDING", help="A file in the format of docs/recording.md, or a folder of journals"),
    ],
    out: Annotated[
        Path | None, typer.Option("--out", metavar="DIR", help="Write every decision, order, fill and result there")
    ] = None,
    partial: Annotated[
        bool, typer.Option("--partial", help="Also trade in slots of which only a part was recorded")
    ] = False,
    against: Annotated[
        str | None,
        typer.Option(
            "--against",
            metavar="HOME|URL",
            help="Compare with what `up` traded on paper while its simulator played this recording",
        ),
    ] = None,
    as_json: AsJson = False,
    config_file: ConfigFile = None,
) -> None:
    """Run the strategy over a recording, on paper, in one process; say what it would have done and made.

    The same recording and settings give the same files, byte for byte. A folder that the setting `journal` named is
    replayed by the journals' own settings: every decision is made again and compared; exit code 1 when one differs.
    """
    if recording.is_dir():
        _compare_journals(recording, as_json=as_json)
        return
    settings = settings_from(config_file, given)
    for line in start_warnings(settings):
        say_to_stderr(f"warning: {line}")
    try:
        with _progress() as said:
            outcome = replay_recording(recording, settings, said, with_partial=partial)
        if out is not None:
            write(outcome, out)
    except (BadRecordingError, CannotReplayError) as fault:
        raise CommandError(str(fault), EXIT_USAGE) from None
    if against is not None:
        _show_findings(_compared(outcome, against), as_json=as_json)
    elif as_json:
        print_json(as_document(outcome.summary))
    else:
        _show(outcome.summary)


def _compared(outcome: Outcome, against: str) -> list[Finding]:
    known = replayed(outcome, outcome.slots)
    url = against if against.startswith("postgres") else None
    home = Home.at(None if url else Path(against))
    return findings(with_tables(home, url, lambda tables: pairs_of(tables, outcome.slots, known)))


def _show_findings(found: list[Finding], *, as_json: bool) -> None:
    """A difference is no failure: a run takes time where a replay takes none."""
    if as_json:
        print_json([asdict(each) for each in found])
        return
    table = _table("market", "slot", "what", "run", "replay", "agrees", "why")
    for each in found:
        table.add_row(
            each.market, each.slot, each.what, each.run, each.replay, "yes" if each.agrees else "no", each.why
        )
    print_table(table)
    say_to_stdout(f"{sum(each.agrees for each in found)} of {len(found)} agree")


def _compare_journals(folder: Path, *, as_json: bool) -> None:
    try:
        compared = list(_done(folder))
    except JournalError as fault:
        raise CommandError(str(fault), EXIT_USAGE) from None
    if as_json:
        print_json([each.as_json() for each in compared])
    else:
        print_rows([each.as_json() for each in compared], ("journal", "inputs", "deeds", "differs"), "no journal")
    if any(each.otherwise is not None for each in compared):
        raise typer.Exit(EXIT_FAILED)


def _done(folder: Path) -> Iterator[JournalCompared]:
    """A day of journals takes minutes: each is told of as it is done. Raises JournalError."""
    with ProcessPoolExecutor(mp_context=get_context("spawn"), initializer=_log_nothing) as crew:
        for each in compare_each(folder, crew.map):
            said = "no difference" if each.otherwise is None else "differs"
            say_to_stderr(f"{each.journal}: {each.inputs} inputs, {each.deeds} deeds, {said}")
            yield each


def _log_nothing() -> None:
    """The handlers log as they did then; nobody needs to read it twice."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))


@contextmanager
def _progress() -> Generator[Said]:
    """On stderr, and only for people."""
    console = Console(stderr=True)
    columns = TextColumn("replaying"), BarColumn(), TaskProgressColumn(), TimeElapsedColumn()
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as bar:
        task = bar.add_task("replaying", total=None)
        yield lambda done, whole: bar.update(task, completed=done, total=whole)


def _show(summary: Summary) -> None:
    for table in (_results(summary), _coins(summary), _reasons(summary), _source(summary)):
        print_table(table)


def _results(summary: Summary) -> Table:
    table = _table("result", "")
    rows = {
        "orders, fills": f"{summary.orders}, {summary.fills}",
        "wins, losses, unresolved": f"{summary.wins}, {summary.losses}, {summary.unresolved}",
        "profit": str(summary.profit.to_cents()),
        "taker fees in it": str(summary.fees.to_cents()),
        "shadow taker's profit": f"{summary.shadow_profit.to_cents()} of {summary.shadows}",
        "exposure peak": str(summary.exposure_peak.to_cents()),
        "seconds in market": f"{summary.seconds_in_market:f}",
        "breaker": summary.breaker or "not tripped",
    }
    for name, value in rows.items():
        table.add_row(name, value)
    return table


def _coins(summary: Summary) -> Table:
    table = _table("coin", "fills", "wins", "losses", "profit", "shadow", "seconds in market")
    for name, coin in summary.coins.items():
        figures = coin.fills, coin.wins, coin.losses, coin.profit.to_cents(), coin.shadow_profit.to_cents()
        table.add_row(name, *(str(each) for each in figures), f"{coin.seconds_in_market:f}")
    return table


def _reasons(summary: Summary) -> Table:
    table = _table("no entry because", "looks")
    for reason, looks in summary.reasons.items():
        table.add_row(reason, str(looks))
    return table


def _source(summary: Summary) -> Table:
    source, table = summary.source, _table("recording", "")
    counts, odd = source.counts, source.oddities
    skipped: dict[str, int] = {}
    for slot in source.slots_skipped:
        skipped[slot.reason] = skipped.get(slot.reason, 0) + 1
    rows = {
        "slots played": str(source.slots_played),
        "slots skipped": ", ".join(f"{count} {reason}" for reason, count in sorted(skipped.items())) or "none",
        "books, prices": f"{counts.books}, {counts.prices} ({source.price_source})",
        "stood in for or missing": ", ".join(source.lacks) or "nothing",
        "gaps over 60 s": f"{counts.gaps}, longest {counts.longest_gap_ms / 1000:.0f} s" if counts.gaps else "none",
        "refused": (
            f"{counts.malformed} unreadable frames, {odd.crossed_books} crossed books,"
            f" {odd.impossible_prices} impossible prices"
        ),
    }
    for name, value in rows.items():
        table.add_row(name, value)
    return table


def _table(first: str, *others: str) -> Table:
    table = Table(box=None, pad_edge=False, header_style="bold")
    table.add_column(first)
    for name in others:
        table.add_column(name, justify="right" if len(others) > 1 or name == "looks" else "left")
    return table
