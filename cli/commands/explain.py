"""`explain`: why a market was or was not bid for, from the decision log or for a hypothetical case."""

import sys
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.table import Table

from cli import decision_log
from cli.commands.show import HomeOption, PostgresOption
from cli.decision_log import Decided, Question
from cli.errors import EXIT_USAGE, CommandError
from cli.home import Home
from cli.output import AsJson, print_json, print_table, say_to_stdout
from cli.running import with_tables
from lab.explain.answer import Answer, answers
from lab.explain.case import CaseError, read_cases

STDIN = Path("-")


def explain(
    market: Annotated[
        str | None, typer.Argument(metavar="MARKET", help="Slug or id of a market, or how one of them begins")
    ] = None,
    at: Annotated[
        str | None,
        typer.Option(
            "--at", metavar="TIME", help="Instant of domain time, UTC: ISO 8601 or HH:MM[:SS]; the latest by default"
        ),
    ] = None,
    outcome: Annotated[
        str | None, typer.Option("--outcome", metavar="NAME", help="Up or Down; both by default")
    ] = None,
    case: Annotated[
        Path | None,
        typer.Option("--case", metavar="FILE", help="Answer the cases of this file (- = stdin): docs/explain.md"),
    ] = None,
    home: HomeOption = None,
    postgres_url: PostgresOption = None,
    as_json: AsJson = False,
) -> None:
    """Say why a market was or was not bid for, filter by filter.

    With MARKET from the decision log, with --case for a hypothetical case, decided by the same code.
    """
    if (case is None) == (market is None):
        raise CommandError("give either MARKET or --case FILE", EXIT_USAGE)
    if case is not None:
        if at is not None or outcome is not None:
            raise CommandError("--at and --outcome go with MARKET; a case says its own now and evaluate", EXIT_USAGE)
        _answer_cases(case, as_json=as_json)
    else:
        question = Question(str(market), at, outcome)
        found = with_tables(Home.at(home), postgres_url, lambda tables: decision_log.decided(tables, question))
        _show_decided(found, as_json=as_json)


def _answer_cases(path: Path, *, as_json: bool) -> None:
    try:
        cases, is_list = read_cases(_text(path))
        given = answers(cases)
    except CaseError as error:
        raise CommandError(str(error), EXIT_USAGE) from None
    if as_json:
        documents = [_document(each) for each in given]
        print_json(documents if is_list else documents[0])
        return
    for number, (each, asked) in enumerate(zip(given, cases, strict=True), 1):
        head = f"case {number}: " if is_list else ""
        say_to_stdout(f"{head}{asked.question} of {asked.evaluated} in {asked.market.id}: {_headline(each)}")
        print_table(_filters([asdict(verdict) for verdict in each.filters]))


def _text(path: Path) -> str:
    try:
        return sys.stdin.read() if path == STDIN else path.read_text(encoding="utf-8")
    except UnicodeDecodeError:
        raise CommandError(f"{path}: is not UTF-8 text", EXIT_USAGE) from None
    except OSError as error:
        raise CommandError(f"{path}: cannot be read ({error.strerror})", EXIT_USAGE) from None


def _document(answer: Answer) -> dict[str, Any]:
    return {
        "decision": answer.decision,
        "reason": answer.reason,
        "price": None if answer.price is None else str(answer.price),
        "shares": None if answer.shares is None else str(answer.shares),
        "filters": [asdict(verdict) for verdict in answer.filters],
    }


def _headline(answer: Answer) -> str:
    words = [answer.decision]
    words += [f"({answer.reason})"] if answer.reason else []
    words += [f"{answer.shares} shares"] if answer.shares is not None else []
    words += [f"at {answer.price}"] if answer.price is not None else []
    return " ".join(words)


def _show_decided(found: list[Decided], *, as_json: bool) -> None:
    if as_json:
        print_json([each.row for each in found])
        return
    for each in found:
        say_to_stdout(each.headline)
        if each.inputs:
            say_to_stdout(each.inputs)
        print_table(_filters(each.filters))


def _filters(rows: list[dict[str, Any]]) -> Table:
    table = Table(box=None, pad_edge=False, header_style="bold")
    for column in ("filter", "value", "limit", ""):
        table.add_column(column)
    for row in rows:
        mark = "[green]passed[/]" if row["passed"] else "[red]refused[/]"
        table.add_row(str(row["name"]), str(row["value"]), str(row["limit"]), mark)
    return table
