"""`python -m lab.messages write|check`: the documents of the messages, from their types."""

from __future__ import annotations

import sys

from lab.messages.documents import FOLDER, differing, generated, refused_changes, write

USAGE = "usage: python -m lab.messages write|check"


def main(arguments: list[str]) -> int:
    """0 when all is as it should be, 1 when something differs or must not be written, 2 for a wrong call."""
    match arguments:
        case ["write"]:
            if refused := refused_changes():
                return _fail("give the message a new version instead of changing this one", refused)
            write(generated())
            return 0
        case ["check"]:
            if stale := differing(generated()):
                return _fail("run `python -m lab.messages write`", stale)
            return 0
        case _:
            return _fail(USAGE, [], exit_code=2)


def _fail(remedy: str, lines: list[str], exit_code: int = 1) -> int:
    sys.stderr.write("".join(f"{line}\n" for line in [*lines, f"{FOLDER.name}: {remedy}"]))
    return exit_code


sys.exit(main(sys.argv[1:]))
