"""Takes each lock out of the SQL functions, one at a time, and runs the lock suite: it must notice each.

    python -m tests.mutation.locks

Works on a copy of the tree; every run has a database server of its own. Exits 1 when a lock was missed by nobody, and
names it.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

from tests.mutation.copies import copied, passes
from tests.mutation.unlocked import FUNCTIONS, Unlocked, all_unlocked

SUITE = ("tests/integration/locks/test_every_function.py",)


def main() -> int:
    found = all_unlocked()
    with tempfile.TemporaryDirectory(prefix="tdmaker-unlocked-") as made:
        tree = copied(Path(made))
        if not passes(tree, SUITE):
            sys.stderr.write("the lock suite fails with every lock in place; make it pass first\n")
            return 1
        survivors = [each for each in found if not _is_noticed(tree, each)]
    sys.stdout.write(f"{len(found)} locks taken out, {len(found) - len(survivors)} noticed\n")
    for each in survivors:
        sys.stdout.write(f"  missed by nobody, {each.file} line {each.line}: {each.lock} in {each.function}\n")
    return 1 if survivors else 0


def _is_noticed(tree: Path, without: Unlocked) -> bool:
    file = tree / FUNCTIONS / without.file
    source = file.read_text()
    file.write_text(without.source)
    try:
        return not passes(tree, SUITE)
    finally:
        file.write_text(source)


if __name__ == "__main__":
    sys.exit(main())
