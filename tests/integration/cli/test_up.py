"""The whole system as an operator meets it: started, asked, hurt, stopped, killed."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from cli.home import Home
from cli.processes import environment_of
from cli.supervisor.environment import SERVICES
from cli.supervisor.record import RunningSystem, read_record

pytestmark = [pytest.mark.system, pytest.mark.servers, pytest.mark.timeout(180)]

TREE = Path(__file__).parents[3]
SERVERS = ("postgres", "nats", "valkey")
CLEAN = {name: value for name, value in os.environ.items() if not name.startswith("TDMAKER_")}
ENVIRONMENT = {**CLEAN, "PYTHONPATH": str(TREE)}


def tdmaker(*arguments: str) -> "subprocess.CompletedProcess[str]":
    command = [sys.executable, "-m", "cli", *arguments]
    return subprocess.run(command, env=ENVIRONMENT, capture_output=True, text=True, check=False)


@contextmanager
def started(home: Path, *arguments: str) -> Generator["subprocess.Popen[str]"]:
    """An `up` that is ready; ended with the block, whatever happens."""
    command = [sys.executable, "-m", "cli", "up", "--home", str(home), "--json", *arguments]
    with subprocess.Popen(
        command, env=ENVIRONMENT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        try:
            yield process
        finally:
            process.kill()


def until_said(process: "subprocess.Popen[str]", words: str) -> None:
    assert process.stderr
    heard: list[str] = []
    for line in process.stderr:
        heard.append(line)
        if words in line:
            return
    pytest.fail(f"ended without saying {words!r}: {''.join(heard)}")


def of_home(home: Path) -> list[int]:
    """Every process that was given this home."""
    mark = f"TDMAKER_HOME={home}"
    return [int(entry.name) for entry in Path("/proc").glob("[0-9]*") if mark in environment_of(int(entry.name))]


def status(home: Path) -> dict[str, Any]:
    return json.loads(tdmaker("status", "--home", str(home), "--json").stdout)


def system_on(home: Path) -> RunningSystem:
    found = read_record(Home.at(home))
    assert found
    return found


def pid_of(home: Path, name: str) -> int:
    return next(process.pid for process in system_on(home).processes if process.name == name)


def test_a_running_system_answers_survives_a_lost_service_and_leaves_nothing(memory: Path) -> None:
    with started(memory, "--speed", "1") as up:
        until_said(up, "ready in")
        shown = status(memory)
        assert {p["name"]: p["state"] for p in shown["processes"]} == dict.fromkeys(
            (*SERVERS, "simulator", *SERVICES), "ready"
        )
        assert (shown["venue"], shown["mode"]) == ("sim", "paper")
        assert [account["trading_state"] for account in shown["accounts"]] == ["active"]

        second = tdmaker("up", "--home", str(memory))
        assert second.returncode == 4
        assert f"process {up.pid} already uses {memory}" in second.stderr

        assert tdmaker("kill", "--home", str(memory)).returncode == 0
        assert status(memory)["accounts"][0]["trading_state"] == "halted"
        resumed = tdmaker("resume", "--home", str(memory), "--json")
        assert json.loads(resumed.stdout) == {"trading_state": {"sim:paper:paper": "active"}}

        lost = pid_of(memory, "notifier")
        os.kill(lost, signal.SIGKILL)
        until_said(up, "notifier ended by itself")
        while pid_of(memory, "notifier") == lost:
            assert up.poll() is None

        up.send_signal(signal.SIGINT)
        out, _ = up.communicate(timeout=60)
        summary = json.loads(out)
        assert up.returncode == 1
        assert (summary["restarts"], summary["referee_difference"]) == (1, 0)
    assert of_home(memory) == []
    assert not Home.at(memory).record.exists()
    stopped = tdmaker("orders", "--home", str(memory), "--all", "--json")
    assert (stopped.returncode, json.loads(stopped.stdout)) == (0, [])


def test_a_killed_system_leaves_nothing_and_the_next_start_is_not_blocked(memory: Path) -> None:
    with started(memory) as up:
        until_said(up, "services are ready")
        up.kill()
        up.wait()
    with started(memory) as up:
        until_said(up, "services are ready")
        up.send_signal(signal.SIGTERM)
        until_said(up, "stopping (SIGTERM)")
        up.communicate(timeout=60)
    assert of_home(memory) == []


def test_a_stop_while_starting_leaves_nothing(memory: Path) -> None:
    with started(memory) as up:
        until_said(up, "are ready")
        up.send_signal(signal.SIGINT)
        up.communicate(timeout=60)
        assert up.returncode == 130
    assert of_home(memory) == []


def test_a_corrupt_recording_is_one_line_and_stops_the_start(memory: Path) -> None:
    broken = memory / "broken.jsonl.gz"
    broken.write_bytes(b"no gzip at all")
    refused = tdmaker("up", "--home", str(memory / "home"), "--json", "--recording", str(broken))
    assert refused.returncode != 0
    assert refused.stdout == ""
    assert str(broken) in refused.stderr
    assert "Traceback" not in refused.stderr
    assert of_home(memory / "home") == []
