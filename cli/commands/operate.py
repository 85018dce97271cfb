"""`kill` and `resume`: through the tables' own functions, so that they work with the control service down."""

import getpass
import shlex
from pathlib import Path
from typing import Annotated, LiteralString

import typer

from cli import readings
from cli.commands.show import HomeOption, PostgresOption
from cli.errors import EXIT_FAILED
from cli.home import Home
from cli.kill.door import door_of
from cli.kill.receipt import Receipt, Wish
from cli.kill.switch import throw
from cli.kill.tables import Tables, accounts_of
from cli.output import AsJson, print_json, say_to_stdout
from cli.running import running_system, with_tables
from shared.runtime.clock import RealClock

RESUME: LiteralString = "select resume(%s, %s, %s)::text"

Account = Annotated[
    str | None, typer.Option("--account", help="Only this account, as `status` names it [default: all of them]")
]
Reason = Annotated[str, typer.Option("--reason", help="Kept with the act in the operator's record")]


def kill(
    home: HomeOption = None,
    postgres_url: PostgresOption = None,
    account: Account = None,
    reason: Reason = "",
    wait_seconds: Annotated[
        float, typer.Option("--wait", min=0, max=600, metavar="SECONDS", help="Wait this long for the book to empty")
    ] = 10.0,
    as_json: AsJson = False,
) -> None:
    """Halt trading now: nothing new can be reserved from the moment this commits, and open orders are cancelled.

    Where Postgres does not answer within a second, everything is cancelled at the venue first, with credentials that
    cannot place, and the halt is tried again for as long as --wait.

    Exits 0 when trading is halted and no order of ours is open or in doubt any more, 1 when some may still be, 5 when
    the venue shows nothing of ours but Postgres could not be told.
    """
    place = Home.at(home)
    system = running_system(place)
    url = postgres_url or (system.postgres_url if system else None)
    wish = Wish(account, actor(), reason, wait_seconds)
    if url is None:
        receipt = with_tables(place, None, lambda tables: _halted(tables, wish))
    else:
        receipt = throw(url, wish, lambda: door_of(system, account))
    again = _command(home, postgres_url, account, reason)
    if as_json:
        print_json(receipt.as_document(again))
    else:
        for line in receipt.lines(again):
            say_to_stdout(line)
    raise typer.Exit(receipt.exit_code)


def _halted(tables: readings.Connection, wish: Wish) -> Receipt:
    """Those of a system that does not run: nothing can be in the way."""
    halting = Tables(wish, RealClock())
    halting.act(tables)
    return halting.receipt


def _command(home: Path | None, postgres_url: str | None, account: str | None, reason: str) -> str:
    """As it was given; an address of a database may hold a password."""
    given = {"--home": home, "--account": account, "--reason": reason}
    words = [word for option, value in given.items() if value for word in (option, str(value))]
    url = ["--postgres-url", "..."] if postgres_url else []
    return shlex.join(["./tdmaker", "kill", *words, *url])


def resume(
    home: HomeOption = None,
    postgres_url: PostgresOption = None,
    account: Account = None,
    reason: Reason = "",
    as_json: AsJson = False,
) -> None:
    """Take back a kill or a pause. Other causes (breaker, staleness) stay until they are gone themselves.

    Exits 0 when trading is active again, 1 when another cause still holds it.
    """

    def act(tables: readings.Connection) -> dict[str, str]:
        names = accounts_of(tables, account)
        return {name: readings.scalar(tables, RESUME, (name, actor(), reason)) for name in names}

    states = with_tables(Home.at(home), postgres_url, act)
    if as_json:
        print_json({"trading_state": states})
    else:
        for name, state in states.items():
            say_to_stdout(f"{name}: {state}")
    if any(state != "active" for state in states.values()):
        raise typer.Exit(EXIT_FAILED)


def actor() -> str:
    return f"cli:{getpass.getuser()}"
