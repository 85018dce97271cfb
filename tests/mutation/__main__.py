"""Flips each comparison of a module and runs its tests: every flip must be noticed.

    python -m tests.mutation services/bidder/domain/filters.py -- tests/unit/bidder

Works on a copy of the tree. Exits 1 when a flip survived, and names it.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from tests.mutation.flips import Flip, flips

TREE = Path(__file__).resolve().parents[2]
PACKAGES = ("cli", "lab", "services", "shared", "venue_sim", "tests", "deploy", "docs")
RUN_SECONDS_MAX = 300


def main(arguments: Sequence[str]) -> int:
    if "--" not in arguments or not arguments[0].endswith(".py"):
        sys.stderr.write(f"{__doc__}\n")
        return 2
    cut = list(arguments).index("--")
    with tempfile.TemporaryDirectory(prefix="tdmaker-mutants-") as made:
        tree = _copied(Path(made))
        if not _passes(tree, arguments[cut + 1 :]):
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
    return not _passes(tree, tests)


def _passes(tree: Path, tests: Sequence[str]) -> bool:
    run = [sys.executable, "-B", "-m", "pytest", "-x", "-q", "-p", "no:cacheprovider", *tests]
    try:
        done = subprocess.run(run, cwd=tree, capture_output=True, timeout=RUN_SECONDS_MAX, check=False)
    except subprocess.TimeoutExpired:
        return False
    return done.returncode == 0


def _copied(target: Path) -> Path:
    for name in PACKAGES:
        shutil.copytree(TREE / name, target / name, ignore=shutil.ignore_patterns("__pycache__"))
    for file in TREE.glob("*.*"):
        if file.is_file():
            shutil.copy(file, target / file.name)
    return target


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
