"""`breaker`: what the circuit breaker counts, and the operator's reset of it; through the tables' own functions."""

from typing import Annotated, Any, LiteralString

import typer

from cli import readings
from cli.commands.operate import Account, accounts_of, actor
from cli.commands.show import HomeOption, PostgresOption
from cli.errors import EXIT_FAILED
from cli.home import Home
from cli.output import AsJson, print_json, print_rows, say_to_stderr
from cli.running import with_tables

RESET: LiteralString = "select breaker_reset(%s, %s, %s)"
NEEDS_FORCE = "needs_force"
COLUMNS = (
    *("account", "tripped", "reason", "session_profit", "max_drawdown", "losses_in_a_row", "max_losses"),
    *("day_profit", "daily_limit"),
)

breaker = typer.Typer(help="The circuit breaker: its figures, and the reset that lets entries in again.")


@breaker.callback(invoke_without_command=True)
def figures_by_default(
    context: typer.Context,
    home: HomeOption = None,
    postgres_url: PostgresOption = None,
    account: Account = None,
    as_json: AsJson = False,
) -> None:
    """The circuit breaker: its figures, and the reset that lets entries in again."""
    if context.invoked_subcommand is None:
        status(home, postgres_url, account, as_json)


@breaker.command()
def status(
    home: HomeOption = None, postgres_url: PostgresOption = None, account: Account = None, as_json: AsJson = False
) -> None:
    """Show losses in a row, session and day beside their limits. Exits 1 while one is tripped."""
    found = with_tables(Home.at(home), postgres_url, lambda tables: _figures(tables, account))
    if as_json:
        print_json(found)
    else:
        print_rows(found, COLUMNS, "no account yet")
    if any(each["tripped"] for each in found):
        raise typer.Exit(EXIT_FAILED)


@breaker.command()
def reset(
    home: HomeOption = None,
    postgres_url: PostgresOption = None,
    account: Account = None,
    force: Annotated[bool, typer.Option("--force", help="Also while the day is at its limit")] = False,
    as_json: AsJson = False,
) -> None:
    """Begin a new session and let entries in again; the day's profit is kept.

    Exits 1 where the day is at its limit and --force was not given, or another cause still holds trading.
    """

    def act(tables: readings.Connection) -> dict[str, str]:
        names = accounts_of(tables, account)
        return {name: readings.scalar(tables, RESET, (name, actor(), force)) for name in names}

    states = with_tables(Home.at(home), postgres_url, act)
    if as_json:
        print_json({"reset": states})
    else:
        print_rows([{"account": name, "now": state} for name, state in states.items()], ("account", "now"), "")
    if NEEDS_FORCE in states.values():
        say_to_stderr("the day is at its limit; `tdmaker breaker reset --force` trades on all the same")
    if any(state != "active" for state in states.values()):
        raise typer.Exit(EXIT_FAILED)


def _figures(tables: readings.Connection, account: str | None) -> list[dict[str, Any]]:
    return readings.rows(tables, readings.BREAKERS, {"accounts": accounts_of(tables, account)})
