"""`test`: everything that continuous integration runs."""

import os
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer

from cli.errors import EXIT_FAILED, CommandError
from cli.output import say_to_stdout
from cli.supervisor.environment import TREE

PASS_ON = {"allow_extra_args": True, "ignore_unknown_options": True}
PassedOn = Annotated[list[str] | None, typer.Argument(metavar="[PYTEST ARGUMENTS]...", help="Passed on to pytest")]


def run_tests(pytest_arguments: PassedOn = None) -> None:
    """Lint, check the types and the layering, then run the tests; all steps run, also after one failed.

    Exits 0 when every step passed.
    """
    steps = _steps(pytest_arguments or [])
    failed = [name for name, command in steps if not _passes(name, command)]
    say_to_stdout(f"failed: {', '.join(failed)}" if failed else "all steps passed")
    if failed:
        raise typer.Exit(EXIT_FAILED)


def _steps(pytest_arguments: Sequence[str]) -> list[tuple[str, list[str]]]:
    return [
        ("ruff check", [_tool("ruff"), "check", "--quiet", "."]),
        ("ruff format", [_tool("ruff"), "format", "--check", "--quiet", "."]),
        ("basedpyright", [_tool("basedpyright"), "--pythonpath", sys.executable]),
        ("lint-imports", [_tool("lint-imports"), "--no-cache"]),
        ("pytest", [sys.executable, "-m", "pytest", "-rs", *pytest_arguments]),
    ]


def _tool(name: str) -> str:
    """Raises CommandError when only the packages of the runtime are installed."""
    tool = Path(sys.executable).parent / name
    if not tool.exists():
        raise CommandError(f"{name} is not installed here; run `./tdmaker test`, which installs what the tests need")
    return str(tool)


def _passes(name: str, command: Sequence[str]) -> bool:
    say_to_stdout(f"== {name}")
    began = time.monotonic()
    environment = {key: value for key, value in os.environ.items() if key != "PYTHONSAFEPATH"}
    done = subprocess.run(command, cwd=TREE, env=environment, check=False)
    passed = done.returncode == 0
    say_to_stdout(f"== {name}: {'passed' if passed else 'FAILED'} in {time.monotonic() - began:.1f} s")
    return passed
