"""Flips each comparison of a module and runs its tests: every flip must be noticed.

    python -m tests.mutation services/bidder/domain/filters.py -- tests/unit/bidder

Works on a copy of the tree. Exits 1 when a flip survived, and names it.
"""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from tests.mutation.copies import copied, passes
from tests.mutation.flips import Flip, flips


def main(arguments: Sequence[str]) -> int:
    if "--" not in arguments or not arguments[0].endswith(".py"):
        sys.stderr.write(f"{__doc__}\n")
        return 2
    cut = list(arguments).index("--")
    with tempfile.TemporaryDirectory(prefix="tdmaker-mutants-") as made:
        tree = copied(Path(made))
        if not passes(tree, arguments[cut + 1 :]):
            sys.stderr.write("the tests fail without any flip; make them pass first\n")
            return 1
        survivors = sum(_survivors(tree, module, arguments[cut + 1 :]) for module in arguments[:cut])
    return 1 if survivors else 0


def _survivors(tree: Path, module: str, tests: Sequence[str]) -> int:
    file = tree / module
    source = file.read_text()
    found = list(flips(source))
    survivors = [flip for flip in found if not _is_noticed(tree, file, flip, tests)]
    file.write_text(source)
    sys.stdout.write(f"{module}: {len(found)} flips, {len(found) - len(survivors)} noticed\n")
    for flip in survivors:
        sys.stdout.write(f"  survived, line {flip.line}: {flip.before}  ->  {flip.after}\n")
    return len(survivors)


def _is_noticed(tree: Path, file: Path, flip: Flip, tests: Sequence[str]) -> bool:
    file.write_text(flip.source)
    return not passes(tree, tests)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
