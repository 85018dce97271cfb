"""Watching: who is started again and when, what the logs say, what a crash left behind."""

import json
import os
import signal
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest

from cli.errors import EXIT_ALREADY_RUNNING, CommandError
from cli.home import Home
from cli.processes import ChildProcess, environment_of, identify, spawn
from cli.supervisor.leftovers import end_leftovers
from cli.supervisor.lock import home_held
from cli.supervisor.logs import LogWatch, last_words
from cli.supervisor.record import RecordedProcess, RunningSystem, read_record, recorded, write_record
from cli.supervisor.watch import LONGEST_PAUSE_SECONDS, Backoff

SLEEP = [sys.executable, "-S", "-c", "import time; time.sleep(600)"]


@pytest.fixture
def home(tmp_path: Path) -> Home:
    place = Home.at(tmp_path / "home")
    place.make()
    return place


def record(home: Home, *processes: RecordedProcess) -> RunningSystem:
    supervisor = recorded("up", os.getpid())
    assert supervisor
    system = RunningSystem(
        supervisor=supervisor,
        run_id="r",
        venue="sim",
        mode="paper",
        account="sim:paper:paper",
        speed=1,
        started_at=datetime(2026, 11, 23, tzinfo=UTC),
        processes=processes,
    )
    write_record(home, system)
    return system


def test_pauses_double_up_to_a_bound_and_shorten_after_health() -> None:
    backoff, now, pauses = Backoff(0.0), 1.0, list[float]()
    for _ in range(9):
        pauses.append(backoff.next_pause(now))
        now += pauses[-1] + 1
    assert pauses[:4] == [0.5, 1.0, 2.0, 4.0]
    assert pauses[-1] == LONGEST_PAUSE_SECONDS
    assert backoff.next_pause(now + 3600) == 0.5


def test_a_second_start_on_one_home_is_refused_and_names_the_first(home: Home) -> None:
    with home_held(home):
        with pytest.raises(CommandError, match=f"process {os.getpid()} already uses") as refusal, home_held(home):
            pass
        assert refusal.value.exit_code == EXIT_ALREADY_RUNNING
    with home_held(home):
        pass


def test_the_record_is_its_owners_alone_and_reads_back(home: Home) -> None:
    system = record(home)
    assert read_record(home) == system
    assert system.alive
    assert home.record.stat().st_mode & 0o077 == 0


def test_a_record_that_cannot_be_read_is_none(home: Home) -> None:
    home.record.write_text("{half")
    assert read_record(home) is None


async def left_behind(home: Home, marked_home: Path) -> ChildProcess:
    environment = {"PATH": os.environ["PATH"], "TDMAKER_HOME": str(marked_home)}
    return await spawn("bidder", SLEEP, environment=environment, log=home.log_of("bidder"))


async def test_what_a_killed_start_left_is_ended(home: Home) -> None:
    child = await left_behind(home, home.path)
    found = recorded("bidder", child.pid)
    assert found
    record(home, found)
    assert await end_leftovers(home) == 1
    assert await child.wait() == -signal.SIGTERM
    assert read_record(home) is None


async def test_a_process_of_another_home_or_another_start_is_left_alone(home: Home, tmp_path: Path) -> None:
    child = await left_behind(home, tmp_path / "other")
    found = recorded("bidder", child.pid)
    assert found
    reused = found.model_copy(update={"start_ticks": found.start_ticks - 1})
    record(home, found, reused)
    assert await end_leftovers(home) == 0
    assert not child.ended
    await child.stop(5, signal.SIGTERM)


async def test_a_child_is_known_by_its_start_and_its_environment(home: Home) -> None:
    child = await left_behind(home, home.path)
    assert identify(child.pid) == identify(child.pid)
    assert f"TDMAKER_HOME={home.path}" in environment_of(child.pid)
    await child.stop(5, signal.SIGTERM)
    assert identify(child.pid) is None


async def test_a_child_that_ignores_the_stop_is_killed(home: Home) -> None:
    deaf = "import signal,sys,time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('deaf', flush=True)"
    child = await spawn(
        "deaf",
        [sys.executable, "-S", "-c", f"{deaf}; time.sleep(600)"],
        environment={"PATH": os.environ["PATH"]},
        log=home.log_of("deaf"),
    )
    while "deaf" not in home.log_of("deaf").read_text():
        assert not child.ended
    await child.stop(0.05, signal.SIGTERM)
    assert await child.wait() == -signal.SIGKILL


def test_children_end_when_their_parent_is_killed(home: Home) -> None:
    script = (
        "import asyncio,os,sys\n"
        "from pathlib import Path\n"
        "from cli.processes import spawn\n"
        "async def main():\n"
        f"    child = await spawn('c', {SLEEP!r}, environment={{}}, log=Path({str(home.log_of('c'))!r}))\n"
        "    print(child.pid, flush=True)\n"
        "    os.kill(os.getpid(), 9)\n"
        "asyncio.run(main())\n"
    )
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[3])}
    parent = subprocess.run(
        [sys.executable, "-c", script], env=environment, capture_output=True, text=True, check=False
    )
    assert parent.returncode == -signal.SIGKILL
    while identify(int(parent.stdout)) is not None:
        pass


def line(level: str, action: str, **fields: str) -> str:
    return json.dumps({"level": level, "action": action, **fields}) + "\n"


def test_errors_of_this_run_are_counted_once(tmp_path: Path) -> None:
    log = tmp_path / "bidder.log"
    log.write_text(line("error", "of_an_earlier_run"))
    watch = LogWatch((log,))
    watch.begin()
    with log.open("a") as file:
        file.write(line("warning", "odd") + line("error", "failed", reason="why") + '{"level": "err')
    watch.look()
    watch.look()
    with log.open("a") as file:
        file.write('or", "action": "torn"}\n' + "no json\n")
    watch.look()
    assert watch.errors == 2
    assert list(watch.last_errors) == ["bidder: failed why", "bidder: torn"]


def test_a_log_keeps_to_its_bound(tmp_path: Path) -> None:
    log = tmp_path / "bidder.log"
    watch = LogWatch((log,), max_bytes=1000)
    for _ in range(50):
        with log.open("a") as file:
            file.write(line("info", "x" * 100))
        watch.look()
    assert log.stat().st_size <= 1200
    assert (tmp_path / "bidder.log.1").stat().st_size <= 1200


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "no output"),
        ("plain\n", "plain"),
        (line("error", "service_failed", reason="no port"), "no port"),
        (line("info", "service_stopped"), "service_stopped"),
    ],
)
def test_why_a_service_ended_is_its_last_word(tmp_path: Path, text: str, words: str) -> None:
    (tmp_path / "log").write_text(text)
    assert last_words(tmp_path / "log") == words
