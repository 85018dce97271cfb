"""`report`: one HTML page about what was traded."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from cli.commands.show import HomeOption, PostgresOption
from cli.errors import EXIT_USAGE, CommandError
from cli.home import Home
from cli.output import AsJson, print_json, say_to_stdout
from cli.running import with_tables
from cli.setting_options import ConfigFile, settings_from
from lab.replay.frames import BadRecordingError
from lab.replay.run import CannotReplayError, replay
from lab.report.record import Period, Record
from lab.report.replayed import UnreadableReplayError, read_folder, record_of
from lab.report.statistics import statistics_of
from lab.report.tables import Connection, NoAccountError, read_tables


def report(
    recording: Annotated[
        Path | None,
        typer.Argument(
            metavar="RECORDING", help="What `replay --out` wrote, or a recording to replay; else the tables"
        ),
    ] = None,
    since: Annotated[
        str | None,
        typer.Option("--from", metavar="TIME", help="Positions closed at or after it, ISO 8601, UTC (domain)"),
    ] = None,
    until: Annotated[
        str | None, typer.Option("--to", metavar="TIME", help="Positions closed before it, ISO 8601, UTC (domain)")
    ] = None,
    out: Annotated[Path, typer.Option("--out", metavar="FILE", help="Where to write the page")] = Path("report.html"),
    account: Annotated[
        str | None, typer.Option("--account", metavar="NAME", help="By default the account that ordered last")
    ] = None,
    home: HomeOption = None,
    postgres_url: PostgresOption = None,
    as_json: AsJson = False,
    config_file: ConfigFile = None,
) -> None:
    """Write one self-contained HTML page about what was traded: profit, win rates, fair value, the shadow taker.

    From the tables of the running or the last `up`, or with RECORDING from a replay.
    """
    period = Period(_instant("--from", since), _instant("--to", until))
    if period.since is not None and period.until is not None and period.until <= period.since:
        raise CommandError(f"--to {until} is not after --from {since}", EXIT_USAGE)
    if recording is None:
        record = with_tables(Home.at(home), postgres_url, lambda tables: _of_tables(tables, account))
    else:
        record = _of_recording(recording, config_file)
    _write(record if period == Period() else record.within(period), out, as_json=as_json)


def _of_tables(tables: Connection, account: str | None) -> Record:
    try:
        return read_tables(tables, account)
    except NoAccountError as fault:
        raise CommandError(str(fault)) from None


def _of_recording(path: Path, config_file: Path | None) -> Record:
    """A folder is a replay's; a file is replayed with the settings of file and environment."""
    try:
        if path.is_dir():
            return read_folder(path)
        return record_of(replay(path, settings_from(config_file, {})), path.name)
    except (UnreadableReplayError, BadRecordingError, CannotReplayError) as fault:
        raise CommandError(str(fault), EXIT_USAGE) from None


def _instant(option: str, text: str | None) -> datetime | None:
    if text is None:
        return None
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        raise CommandError(
            f"{option} {text}: must be ISO 8601, such as 2026-04-01 or 2026-04-01T12:00", EXIT_USAGE
        ) from None
    return found.replace(tzinfo=UTC) if found.tzinfo is None else found


def _write(record: Record, out: Path, *, as_json: bool) -> None:
    # Drawing takes half a second to load, which no other command needs.
    from lab.report.page import page_of  # noqa: PLC0415

    statistics = statistics_of(record)
    out.write_text(page_of(record, statistics), encoding="utf-8")
    totals = statistics.totals
    if as_json:
        print_json(
            {
                "page": str(out),
                "positions": totals.positions,
                "wins": totals.wins,
                "losses": totals.losses,
                "profit": str(totals.profit),
                "fees": str(totals.fees),
                "deepest_drawdown": str(totals.deepest_drawdown),
                "shadow_profit": str(totals.shadow_profit),
                "shadows": totals.shadows,
                "unsettled": record.unsettled,
            }
        )
    else:
        say_to_stdout(
            f"{out}: {totals.positions} closed positions, {totals.wins} won, {totals.losses} lost,"
            f" profit {totals.profit.to_cents()}, shadow taker {totals.shadow_profit.to_cents()}"
        )
