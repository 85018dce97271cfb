"""`status`, `orders`, `positions`, `pnl`: what the tables and the running system say."""

import asyncio
from pathlib import Path
from typing import Annotated, Any

import typer

from cli import readings
from cli.home import Home
from cli.output import AsJson, print_json, print_rows, say_to_stdout
from cli.processes import identify
from cli.running import required_system, with_tables
from cli.servers.readiness import HOST, answers
from cli.supervisor.record import RecordedProcess

HomeOption = Annotated[
    Path | None, typer.Option("--home", envvar="TDMAKER_HOME", metavar="DIR", help="Home of the `up` to ask")
]
PostgresOption = Annotated[
    str | None, typer.Option("--postgres-url", metavar="URL", help="Ask this database instead of the home's")
]
Limit = Annotated[int, typer.Option("--limit", min=1, max=100_000, help="At most this many rows")]
EverythingToo = Annotated[bool, typer.Option("--all", help="Also what is closed")]

ACCOUNT_COLUMNS = (
    *("account", "trading_state", "headroom", "open_cost", "reserved", "exposure_peak", "open_orders", "positions"),
    "unmatched_fills",
)
ORDER_COLUMNS = ("recorded_at", "market", "outcome", "side", "price", "shares", "filled", "status", "reason")
POSITION_COLUMNS = ("market", "outcome", "shares", "average_price", "cost", "fees", "realised", "payout", "ends_at")
PROFIT_COLUMNS = (
    *("day", "account", "markets", "wins", "losses", "fees", "profit"),
    *("shadow_wins", "shadow_losses", "shadow_profit"),
)


def status(home: HomeOption = None, as_json: AsJson = False) -> None:
    """Show whether everything runs: processes, accounts, trading state and its causes.

    Exits 0 when every process is ready, 1 when one is not, 3 when nothing runs.
    """
    system = required_system(Home.at(home))
    processes = asyncio.run(_processes(system.processes))
    accounts = with_tables(Home.at(home), None, lambda tables: readings.rows(tables, readings.ACCOUNTS))
    if as_json:
        kept = system.model_dump(include={"run_id", "venue", "mode", "speed", "started_at", "control_url"})
        print_json({**kept, "processes": processes, "accounts": accounts})
    else:
        say_to_stdout(f"{system.mode} at {system.venue}, {system.speed:g}x, run {system.run_id}, {system.control_url}/")
        print_rows(processes, ("name", "pid", "state"), "no processes")
        print_rows(accounts, ACCOUNT_COLUMNS, "no account yet")
        for account in accounts:
            for cause in account["causes"]:
                say_to_stdout(f"{account['account']}: {cause['state']} because of {cause['cause']} {cause['detail']}")
    if any(process["state"] != "ready" for process in processes):
        raise typer.Exit(1)


def orders(
    home: HomeOption = None,
    postgres_url: PostgresOption = None,
    everything: EverythingToo = False,
    limit: Limit = 50,
    as_json: AsJson = False,
) -> None:
    """Show the orders that are open, newest first; --all shows closed ones too."""
    rows = _rows(home, postgres_url, readings.ORDERS, everything=everything, limit=limit)
    _show(rows, ORDER_COLUMNS, "no open orders" if not everything else "no orders yet", as_json=as_json)


def positions(
    home: HomeOption = None,
    postgres_url: PostgresOption = None,
    everything: EverythingToo = False,
    limit: Limit = 50,
    as_json: AsJson = False,
) -> None:
    """Show the shares that are held; --all shows settled positions too."""
    rows = _rows(home, postgres_url, readings.POSITIONS, everything=everything, limit=limit)
    _show(rows, POSITION_COLUMNS, "no open positions" if not everything else "no positions yet", as_json=as_json)


def pnl(
    home: HomeOption = None, postgres_url: PostgresOption = None, limit: Limit = 30, as_json: AsJson = False
) -> None:
    """Show settled profit and loss by UTC day of the booking, fees taken off, and the shadow taker's beside it."""
    rows = _rows(home, postgres_url, readings.PROFIT_BY_DAY, everything=True, limit=limit)
    _show(rows, PROFIT_COLUMNS, "nothing settled yet", as_json=as_json)


def _rows(home: Path | None, url: str | None, query: Any, *, everything: bool, limit: int) -> list[readings.Row]:
    parameters = {"all": everything, "limit": limit}
    return with_tables(Home.at(home), url, lambda tables: readings.rows(tables, query, parameters))


def _show(rows: list[readings.Row], columns: tuple[str, ...], empty: str, *, as_json: bool) -> None:
    if as_json:
        print_json(rows)
    else:
        print_rows(rows, columns, empty)


async def _processes(processes: tuple[RecordedProcess, ...]) -> list[dict[str, Any]]:
    states = await asyncio.gather(*(_state(process) for process in processes))
    return [
        {"name": process.name, "pid": process.pid, "state": state}
        for process, state in zip(processes, states, strict=True)
    ]


async def _state(process: RecordedProcess) -> str:
    if identify(process.pid) != process.identity:
        return "gone"
    if process.http_port is None:
        return "ready"
    path = "/healthz" if process.name == "simulator" else "/readyz"
    question = f"GET {path} HTTP/1.1\r\nHost: {HOST}\r\nConnection: close\r\n\r\n".encode()
    return "ready" if await answers(process.http_port, question, b" 200 OK") else "not ready"
