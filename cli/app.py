"""The command line as a whole: its commands, and how a fault becomes one line and an exit code."""

import sys
from collections.abc import Sequence

import psycopg
import typer

from cli.commands.adjust import adjust
from cli.commands.audit import audit
from cli.commands.bench import bench
from cli.commands.breaker import breaker
from cli.commands.chaos import chaos
from cli.commands.config import config
from cli.commands.doctor import doctor
from cli.commands.explain import explain
from cli.commands.operate import kill, resume
from cli.commands.prepare import migrate, new_run, start_clock
from cli.commands.replay import replay
from cli.commands.report import report
from cli.commands.secrets import secrets
from cli.commands.show import orders, pnl, positions, status
from cli.commands.simulate import simulate
from cli.commands.test import PASS_ON, run_tests
from cli.commands.up import sim, up
from cli.errors import EXIT_FAILED, EXIT_INTERRUPTED, EXIT_OK, EXIT_USAGE, CommandError
from cli.output import say_to_stderr
from cli.servers import ServerError
from shared.db.migrate import MigrationError
from shared.runtime.settings import SettingsError

EPILOG = (
    "Exit codes: 0 fine, 1 something failed or differs, 2 wrong option or setting, 3 nothing is running,"
    " 4 the home is in use, 130 interrupted."
)

app = typer.Typer(
    help="A passive time-decay maker for Polymarket's crypto up/down markets. `up` starts everything, on paper.",
    epilog=EPILOG,
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode="rich",
)
for command in (
    up,
    sim,
    status,
    orders,
    positions,
    pnl,
    kill,
    resume,
    explain,
    doctor,
    migrate,
    secrets,
    replay,
    report,
    audit,
    adjust,
    chaos,
    simulate,
):
    app.command()(command)
app.command("new-run")(new_run)
app.command("start-clock")(start_clock)
app.command("test", context_settings=PASS_ON)(run_tests)
app.add_typer(config, name="config")
app.add_typer(bench, name="bench")
app.add_typer(breaker, name="breaker")


def run(arguments: Sequence[str]) -> int:
    """The exit code. Whatever the operator can put right is one line on stderr."""
    try:
        code = app(list(arguments), prog_name="tdmaker", standalone_mode=False)
    except (KeyboardInterrupt, typer.Abort):
        return EXIT_INTERRUPTED
    except (typer.TyperException, SettingsError, CommandError, ServerError, MigrationError) as fault:
        return _said(_lines(fault), _code(fault))
    except (psycopg.Error, OSError) as fault:
        return _said([f"{type(fault).__name__}: {(str(fault).strip().splitlines() or ['no details'])[0]}"], EXIT_FAILED)
    return code if isinstance(code, int) else EXIT_OK


def main() -> int:
    return run(sys.argv[1:])


def _lines(fault: Exception) -> Sequence[str]:
    if isinstance(fault, SettingsError):
        return fault.lines
    if not isinstance(fault, typer.TyperException):
        return [str(fault)]
    text = fault.format_message().strip()
    return [f"{text}; `tdmaker --help` lists what there is" if text.startswith("No such") else text]


def _code(fault: Exception) -> int:
    if isinstance(fault, CommandError):
        return fault.exit_code
    return EXIT_USAGE if isinstance(fault, typer.TyperException | SettingsError) else EXIT_FAILED


def _said(lines: Sequence[str], code: int) -> int:
    for line in lines:
        say_to_stderr(line)
    return code
