"""A copy of the tree to spoil, and whether its tests still pass."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

TREE = Path(__file__).resolve().parents[2]
PACKAGES = ("cli", "lab", "services", "shared", "venue_sim", "tests", "deploy", "docs")
RUN_SECONDS_MAX = 300


def passes(tree: Path, tests: Sequence[str]) -> bool:
    run = [sys.executable, "-B", "-m", "pytest", "-x", "-q", "-p", "no:cacheprovider", *tests]
    try:
        done = subprocess.run(run, cwd=tree, capture_output=True, timeout=RUN_SECONDS_MAX, check=False)
    except subprocess.TimeoutExpired:
        return False
    return done.returncode == 0


def copied(target: Path) -> Path:
    for name in PACKAGES:
        shutil.copytree(TREE / name, target / name, ignore=shutil.ignore_patterns("__pycache__"))
    for file in TREE.glob("*.*"):
        if file.is_file():
            shutil.copy(file, target / file.name)
    return target
