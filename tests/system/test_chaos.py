"""Processes killed and paused at random while trading: nothing is lost, nothing doubled."""

import json
import subprocess
import sys
from pathlib import Path

SECONDS = 75
BOUND_SECONDS = 240


def test_a_tormented_system_agrees_with_the_venue_to_the_last_unit(tmp_path: Path) -> None:
    home = tmp_path / "home"
    command = [
        sys.executable,
        "-m",
        "cli",
        "chaos",
        "--seed",
        "3",
        "--for",
        str(SECONDS),
        "--keep",
        str(home),
        "--json",
    ]
    ended = subprocess.run(command, capture_output=True, timeout=BOUND_SECONDS, check=False, text=True)
    assert ended.returncode == 0, ended.stderr
    told = json.loads(ended.stdout)
    assert (told["referee_difference"], told["orders"] > 0, told["kills"] > 0) == (0, True, True)
