"""How answers are shown: tables for people, JSON for scripts."""

import json
import sys
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

WIDTH_IN_FILES = 200

AsJson = Annotated[bool, typer.Option("--json", help="One JSON document on stdout")]


def print_json(document: object) -> None:
    """Money and shares as text, so that no digit is lost; instants as ISO 8601."""
    sys.stdout.write(json.dumps(document, default=_plain, ensure_ascii=False) + "\n")


def print_rows(rows: Sequence[Mapping[str, Any]], columns: Sequence[str], empty: str) -> None:
    """A table of the named columns, or one line when there is nothing."""
    console = Console(width=None if sys.stdout.isatty() else WIDTH_IN_FILES)
    if not rows:
        console.print(empty)
        return
    table = Table(box=None, pad_edge=False, header_style="bold")
    for column in columns:
        numeric = isinstance(rows[0].get(column), Decimal | int | float)
        table.add_column(column.replace("_", " "), justify="right" if numeric else "left")
    for row in rows:
        table.add_row(*(_cell(row.get(column)) for column in columns))
    console.print(table)


def print_table(table: Table) -> None:
    Console(width=None if sys.stdout.isatty() else WIDTH_IN_FILES).print(table)


def say_to_stderr(line: str) -> None:
    sys.stderr.write(f"tdmaker: {line}\n")
    sys.stderr.flush()


def say_to_stdout(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def _cell(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, datetime):
        return value.astimezone(UTC).strftime("%m-%d %H:%M:%S")
    if isinstance(value, Decimal):
        return f"{value.normalize():f}" if value else "0"
    return str(value)


def _plain(value: object) -> object:
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat()
    return str(value)
