"""`audit`: the books computed anew."""

from dataclasses import asdict

import typer

from cli.audit import audit as audit_books
from cli.audit import read_books, read_cases
from cli.commands.show import HomeOption, PostgresOption
from cli.errors import EXIT_FAILED
from cli.home import Home
from cli.output import AsJson, print_json, print_rows, say_to_stdout
from cli.running import with_tables

COLUMNS = ("account", "what", "told", "computed")


def audit(home: HomeOption = None, postgres_url: PostgresOption = None, as_json: AsJson = False) -> None:
    """Compute positions, exposure, fees and profit anew from what happened, and compare with what the tables say.

    From orders, fills, settlements and ledger entries alone, independently of the functions that keep the books; of a
    running or a stopped system. Open cases, in which the tables differ from the venue, are listed too. Exits 1 when
    something differs.
    """
    books, cases = with_tables(Home.at(home), postgres_url, lambda tables: (read_books(tables), read_cases(tables)))
    found = [*audit_books(books), *cases]
    if as_json:
        print_json([asdict(each) for each in found])
    else:
        print_rows([asdict(each) for each in found], COLUMNS, "nothing differs")
        say_to_stdout(
            f"{len(books.accounts)} accounts, {len(books.orders)} orders, {len(books.fills)} fills,"
            f" {len(books.settlements)} settlements, {len(books.entries)} ledger entries: {len(found)} differences"
        )
    if found:
        raise typer.Exit(EXIT_FAILED)
