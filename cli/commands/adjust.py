"""`adjust`: cash that people moved at the venue, told to the ledger."""

from decimal import Decimal, InvalidOperation
from enum import StrEnum
from typing import Annotated, LiteralString

import typer

from cli import readings
from cli.commands.operate import Account, actor
from cli.commands.show import HomeOption, PostgresOption
from cli.errors import EXIT_USAGE, CommandError
from cli.home import Home
from cli.output import AsJson, print_json, say_to_stdout
from cli.running import with_tables

STEP = Decimal("0.000001")
ACCOUNTS: LiteralString = """
select account_id as account, mode, s.account_id is not null as is_stated
from account left join cash_statement s using (account_id)
where account_id = %(account)s or (%(account)s::text is null and mode = 'live') order by account_id
"""
ADJUST: LiteralString = "select adjust_cash(%s, %s, %s, %s, %s)"


class Move(StrEnum):
    DEPOSIT = "deposit"
    WITHDRAW = "withdraw"


def adjust(
    move: Annotated[Move, typer.Argument(help="Whether the cash came into the wallet or left it")],
    dollars: Annotated[str, typer.Argument(metavar="DOLLARS", help="More than 0, to a millionth")],
    note: Annotated[str, typer.Option("--note", help="What it was; kept with your name in the operator's record")],
    home: HomeOption = None,
    postgres_url: PostgresOption = None,
    account: Account = None,
    as_json: AsJson = False,
) -> None:
    """Tell the ledger of cash that no trade of ours moved: a deposit, a withdrawal, a rebate of the venue.

    Give it when the cash has moved: the case that this opened closes within seconds. Of a running or a stopped system;
    of a live account alone, for on paper there is no wallet.
    """
    cash = _cash(dollars)
    if not note.strip():
        raise CommandError("--note is empty; say what the cash was", EXIT_USAGE)

    def act(tables: readings.Connection) -> str:
        name = _account(tables, account)
        readings.scalar(tables, ADJUST, (name, move, cash, actor(), f"{cash} dollars: {note.strip()}"))
        return name

    name = with_tables(Home.at(home), postgres_url, act)
    if as_json:
        print_json({"account": name, "move": move, "dollars": cash, "note": note.strip()})
    else:
        say_to_stdout(f"{name}: {move} of {cash} dollars is in the ledger")


def _cash(text: str) -> Decimal:
    try:
        cash = Decimal(text)
    except InvalidOperation:
        raise CommandError(f"{text} is no number of dollars", EXIT_USAGE) from None
    if not cash.is_finite() or cash <= 0 or cash % STEP:
        raise CommandError(f"{text} dollars cannot be moved; give more than 0, to a millionth", EXIT_USAGE)
    return cash


def _account(tables: readings.Connection, wanted: str | None) -> str:
    found = readings.rows(tables, ACCOUNTS, {"account": wanted})
    if not found:
        known = "there is no live account" if wanted is None else f"there is no account {wanted}"
        raise CommandError(f"{known}; only a live one has a wallet at the venue")
    if len(found) > 1:
        raise CommandError(f"name one with --account: {', '.join(each['account'] for each in found)}", EXIT_USAGE)
    (account,) = found
    if account["mode"] != "live":
        raise CommandError(f"{account['account']} trades on paper: it has no wallet at the venue")
    if not account["is_stated"]:
        raise CommandError(
            f"the wallet of {account['account']} was never counted yet; what is in it at the first quiet look is where"
            " the count begins, so nothing has to be adjusted"
        )
    return account["account"]
