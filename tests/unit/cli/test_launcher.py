"""The launcher: what it needs, how it says so, and how it makes its environment once."""

import json
import os
import subprocess
import sys
import threading
from collections.abc import Callable
from importlib.machinery import SourceFileLoader
from importlib.util import module_from_spec, spec_from_loader
from pathlib import Path
from typing import Any

import pytest

LAUNCHER = Path(__file__).parents[3] / "tdmaker"
SHOW_CALL = '#!/bin/sh\nprintf "%s\\n" "$*"\nenv\n'


def load(tree: Path) -> Any:
    """The launcher as a module, copied into a tree of its own."""
    copy = tree / "tdmaker"
    copy.write_text(LAUNCHER.read_text())
    copy.chmod(0o755)
    (tree / "requirements.lock").write_text("one==1 \\\n    --hash=sha256:aa\ntwo==2\n")
    (tree / "requirements-dev.lock").write_text("one==1\ntwo==2\nthree==3\n")
    loader = SourceFileLoader("launcher_under_test", str(copy))
    spec = spec_from_loader(loader.name, loader)
    assert spec
    module = module_from_spec(spec)
    loader.exec_module(module)
    return module


@pytest.fixture
def launcher(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    for name in ("TDMAKER_VENV", "TDMAKER_POSTGRES_URL", "TDMAKER_NATS_URL", "TDMAKER_REDIS_URL"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    return load(tmp_path)


def make(venv: Path) -> None:
    """An environment whose Python says what it is called with, and is content with every probe."""
    (venv / "bin").mkdir(parents=True, exist_ok=True)
    (venv / "pyvenv.cfg").touch()
    (venv / "bin" / "python").write_text(SHOW_CALL)
    (venv / "bin" / "python").chmod(0o755)


def nowhere(_name: str) -> None:
    """No newer Python on this machine."""


class Installs:
    """Counts what was asked for in place of pip."""

    def __init__(self, before: Callable[[], None] = lambda: None) -> None:
        self.locks: list[str] = []
        self._before = before

    def __call__(self, venv: Path, lock: Path) -> None:
        self._before()
        self.locks.append(lock.name)


def test_a_python_too_old_is_refused_with_the_remedy(launcher: Any) -> None:
    with pytest.raises(launcher.RefusalError, match=r"Python 3\.9 is too old; install Python 3\.11 or later"):
        launcher.change_to_newer_python((3, 9, 1), nowhere)


@pytest.mark.parametrize(
    ("system", "machine", "libc", "named"),
    [
        ("Darwin", "arm64", ("", ""), "Darwin"),
        ("Linux", "riscv64", ("glibc", "2.39"), "riscv64"),
        ("Linux", "x86_64", ("", ""), "a libc other than glibc"),
        ("Linux", "aarch64", ("glibc", "2.31"), "glibc 2.31"),
    ],
)
def test_a_platform_without_embedded_servers_is_told_what_works_there(
    launcher: Any, system: str, machine: str, libc: tuple[str, str], named: str
) -> None:
    with pytest.raises(launcher.RefusalError) as refusal:
        launcher.refuse_foreign_platform(["up"], system, machine, libc)
    line = str(refusal.value)
    assert named in line
    assert "docker compose up" in line
    assert "--postgres-url" in line
    assert "\n" not in line


def test_servers_of_its_own_let_any_platform_go_on(launcher: Any) -> None:
    named = ["up", "--postgres-url", "postgresql://h/d", "--nats-url=nats://h", "--redis-url=redis://h"]
    launcher.refuse_foreign_platform(named, "Darwin", "arm64", ("", ""))


@pytest.mark.parametrize("machine", ["x86_64", "aarch64"])
def test_linux_with_a_recent_glibc_goes_on(launcher: Any, machine: str) -> None:
    launcher.refuse_foreign_platform(["up"], "Linux", machine, ("glibc", "2.34"))


def test_the_environment_is_made_once(launcher: Any, tmp_path: Path) -> None:
    venv, installs = tmp_path / "venv", Installs()
    launcher.prepare(venv, "requirements.lock", make, installs)
    launcher.prepare(venv, "requirements.lock", make, installs)
    assert installs.locks == ["requirements.lock"]


def test_what_the_tests_need_is_installed_for_them_alone_and_serves_everything(launcher: Any, tmp_path: Path) -> None:
    venv, installs = tmp_path / "venv", Installs()
    for lock in ("requirements.lock", "requirements-dev.lock", "requirements.lock", "requirements-dev.lock"):
        launcher.prepare(venv, lock, make, installs)
    assert installs.locks == ["requirements.lock", "requirements-dev.lock"]


def test_another_lock_is_installed_into_the_same_environment(launcher: Any, tmp_path: Path) -> None:
    venv, installs, made = tmp_path / "venv", Installs(), list[Path]()

    def counted(place: Path) -> None:
        made.append(place)
        make(place)

    launcher.prepare(venv, "requirements.lock", counted, installs)
    (tmp_path / "requirements.lock").write_text("one==2\n")
    launcher.prepare(venv, "requirements.lock", counted, installs)
    assert (len(installs.locks), len(made)) == (2, 1)


@pytest.mark.parametrize("missing", ["bin/python", "tdmaker-installed.json"])
def test_a_half_made_environment_is_repaired(launcher: Any, tmp_path: Path, missing: str) -> None:
    venv, installs = tmp_path / "venv", Installs()
    launcher.prepare(venv, "requirements.lock", make, installs)
    (venv / missing).unlink()
    launcher.prepare(venv, "requirements.lock", make, installs)
    assert (venv / "bin" / "python").exists()
    assert len(installs.locks) == 2


def test_an_interrupted_install_is_done_again(launcher: Any, tmp_path: Path) -> None:
    def interrupt() -> None:
        raise KeyboardInterrupt

    venv, installs = tmp_path / "venv", Installs()
    with pytest.raises(KeyboardInterrupt):
        launcher.prepare(venv, "requirements.lock", make, Installs(interrupt))
    launcher.prepare(venv, "requirements.lock", make, installs)
    assert installs.locks == ["requirements.lock"]


def test_a_directory_that_is_no_environment_is_left_alone(launcher: Any, tmp_path: Path) -> None:
    venv = tmp_path / "photographs"
    venv.mkdir()
    (venv / "cat.jpg").touch()
    with pytest.raises(launcher.RefusalError, match="is no Python environment; name another with TDMAKER_VENV"):
        launcher.prepare(venv, "requirements.lock", make, Installs())
    assert (venv / "cat.jpg").exists()


def test_two_launches_at_once_install_once(launcher: Any, tmp_path: Path) -> None:
    venv, inside, second_may_start = tmp_path / "venv", threading.Event(), threading.Event()

    def linger() -> None:
        second_may_start.set()
        inside.wait(20)

    installs = Installs(linger)
    first = threading.Thread(target=launcher.prepare, args=(venv, "requirements.lock", make, installs))
    second = threading.Thread(target=launcher.prepare, args=(venv, "requirements.lock", make, installs))
    first.start()
    assert second_may_start.wait(20)
    second.start()
    inside.set()
    first.join(20)
    second.join(20)
    assert installs.locks == ["requirements.lock"]


def test_it_hands_over_wherever_it_is_called_from(launcher: Any, tmp_path: Path) -> None:
    venv, elsewhere = tmp_path / "venv", tmp_path / "elsewhere"
    elsewhere.mkdir()
    launcher.prepare(venv, "requirements.lock", make, Installs())
    environment = {**os.environ, "TDMAKER_VENV": str(venv), "PYTHONDONTWRITEBYTECODE": "1", "PYTHONPATH": "/nowhere"}
    called = subprocess.run(
        [sys.executable, str(tmp_path / "tdmaker"), "up", "--json"],
        cwd=elsewhere,
        env=environment,
        capture_output=True,
        text=True,
        check=True,
    )
    arguments, *variables = called.stdout.splitlines()
    told = dict(line.split("=", 1) for line in variables if "=" in line)
    assert arguments == "-m cli up --json"
    assert told["PYTHONPATH"] == str(tmp_path)
    assert told["PYTHONPYCACHEPREFIX"] == str(venv / "pycache")
    assert "PYTHONDONTWRITEBYTECODE" not in told
    assert "TDMAKER_VENV" not in told
    assert called.stderr == ""


def test_a_refusal_is_one_line_and_status_2(launcher: Any, tmp_path: Path) -> None:
    (tmp_path / "requirements.lock").unlink()
    make(tmp_path / "venv")
    (tmp_path / "venv" / launcher.STAMP).write_text(json.dumps({"requirements.lock": "other"}))
    environment = {**os.environ, "TDMAKER_VENV": str(tmp_path / "venv")}
    called = subprocess.run(
        [sys.executable, str(tmp_path / "tdmaker"), "up"], env=environment, capture_output=True, text=True, check=False
    )
    assert called.returncode == 2
    assert called.stdout == ""
    assert called.stderr.count("\n") == 1
    assert "is this a whole checkout?" in called.stderr
