"""`kill` and `resume`: through the tables' own functions, so that they work with the control service down."""

import getpass
import time
from typing import Annotated, Any, LiteralString

import typer

from cli import readings
from cli.commands.show import HomeOption, PostgresOption
from cli.errors import EXIT_FAILED, CommandError
from cli.home import Home
from cli.output import AsJson, print_json, say_to_stdout
from cli.running import with_tables

ACCOUNT_NAMES: LiteralString = "select account_id as account from account order by account_id"
HALT: LiteralString = "select halt(%s, %s, %s)::text"
RESUME: LiteralString = "select resume(%s, %s, %s)::text"
UNCERTAIN_OR_OPEN: LiteralString = """
select count(*) from orders
where account_id = any(%s) and status not in ('filled', 'cancelled', 'rejected', 'expired')
"""
POLL_SECONDS = 0.05

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

    Exits 0 when no order of ours is open or in doubt any more, 1 when some still are after --wait.
    """

    def act(tables: readings.Connection) -> dict[str, Any]:
        began = time.monotonic()
        names = accounts_of(tables, account)
        open_before = readings.scalar(tables, UNCERTAIN_OR_OPEN, (names,))
        states = {name: readings.scalar(tables, HALT, (name, actor(), reason)) for name in names}
        halted_ms = (time.monotonic() - began) * 1000
        left = open_before
        while left and time.monotonic() - began < wait_seconds:
            time.sleep(POLL_SECONDS)
            left = readings.scalar(tables, UNCERTAIN_OR_OPEN, (names,))
        closed_ms = None if left else round((time.monotonic() - began) * 1000, 1)
        return {
            "trading_state": states,
            "open_before": open_before,
            "open_now": left,
            "halted_ms": round(halted_ms, 1),
            "closed_ms": closed_ms,
        }

    receipt = with_tables(Home.at(home), postgres_url, act)
    if as_json:
        print_json(receipt)
    else:
        say_to_stdout(
            f"halted in {receipt['halted_ms']} ms: {receipt['open_before']} orders were open,"
            f" {receipt['open_now']} still are; `tdmaker resume` takes it back"
        )
    if receipt["open_now"]:
        raise typer.Exit(EXIT_FAILED)


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


def accounts_of(tables: readings.Connection, account: str | None) -> list[str]:
    """Raises CommandError for an account that is not there."""
    names = [row["account"] for row in readings.rows(tables, ACCOUNT_NAMES)]
    if account is not None and account not in names:
        raise CommandError(f"--account={account}: no such account; there are {', '.join(names) or 'none yet'}")
    if not names:
        raise CommandError("there is no account yet; nothing has traded here")
    return names if account is None else [account]


def actor() -> str:
    return f"cli:{getpass.getuser()}"
