"""A whole system under test: `up` as a process of its own, looked at from outside while it runs and after it ended."""

import http.client
import json
import subprocess
import sys
import threading
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from cli.home import Home
from cli.supervisor.environment import SERVICES
from cli.supervisor.logs import severe
from cli.supervisor.record import RunningSystem, read_record

READY_BOUND_SECONDS = 90
END_BOUND_SECONDS = 180
SCRAPE_SECONDS = 2.0
ANSWER_BOUND_SECONDS = 5.0


@dataclass(frozen=True, slots=True)
class Ended:
    """`summary` is the JSON object that `up` prints at its end, `scrapes` the last exposition of each service."""

    exit_code: int
    summary: Mapping[str, Any]
    scrapes: Mapping[str, str]
    home: Home
    said: str
    """Everything that `up` itself wrote."""

    def error_lines(self) -> str:
        """Of the services' logs, whole: the home is gone once the tests have ended."""
        lines = [line for service in SERVICES for line in self.home.log_of(service).read_bytes().splitlines()]
        return b"\n".join(line for line in lines if severe(line)).decode(errors="replace")


@dataclass(slots=True)
class Run:
    """`up` on a home of its own. Start it, use `system` while it runs, then ask for its `end`."""

    home: Home
    options: tuple[str, ...]
    _process: subprocess.Popen[bytes] | None = None
    _scrapes: dict[str, str] = field(default_factory=dict[str, str])
    _watching: threading.Thread | None = None
    _done: threading.Event = field(default_factory=threading.Event)
    _ended: Ended | None = None

    def start(self) -> None:
        """Returns when every service is ready."""
        command = [sys.executable, "-m", "cli", "up", "--home", str(self.home.path), "--json", *self.options]
        with self._written("out").open("wb") as out, self._written("err").open("wb") as err:
            self._process = subprocess.Popen(command, stdout=out, stderr=err)
        self._await_ready(self._process)
        self._watching = threading.Thread(target=self._scrape_until_done, name="scrapes")
        self._watching.start()

    @property
    def system(self) -> RunningSystem:
        """Addresses and processes, as the running system records them."""
        record = read_record(self.home)
        assert record is not None, f"it has ended:\n{self._said()}"
        return record

    def get(self, service: str, path: str) -> tuple[int, str]:
        """Status and body of a service's own health server."""
        ports = {process.name: process.http_port for process in self.system.processes}
        return fetch(f"http://127.0.0.1:{ports[service]}{path}")

    def end(self) -> Ended:
        """Waits until it stopped by itself."""
        if self._ended is None:
            assert self._process is not None
            code = self._process.wait(END_BOUND_SECONDS)
            self._stop_watching()
            summary = json.loads(self._written("out").read_text() or "{}")
            self._ended = Ended(code, summary, dict(self._scrapes), self.home, self._said())
        return self._ended

    def stop(self) -> None:
        """At once, if it still runs."""
        self._stop_watching()
        if self._process is not None and self._process.poll() is None:
            self._process.terminate()
            try:
                self._process.wait(END_BOUND_SECONDS)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()

    def _await_ready(self, process: subprocess.Popen[bytes]) -> None:
        paused = threading.Event()
        for _ in range(READY_BOUND_SECONDS * 10):
            record = read_record(self.home)
            if record is not None and {each.name for each in record.processes} >= set(SERVICES):
                return
            assert process.poll() is None, f"it ended before it was ready:\n{self._said()}"
            paused.wait(0.1)
        raise AssertionError(f"not ready within {READY_BOUND_SECONDS} s:\n{self._said()}")

    def _scrape_until_done(self) -> None:
        ports = {process.name: process.http_port for process in self.system.processes}
        while not self._done.wait(SCRAPE_SECONDS):
            for service in SERVICES:
                try:
                    self._scrapes[service] = fetch(f"http://127.0.0.1:{ports[service]}/metrics")[1]
                except (OSError, http.client.HTTPException):
                    return  # it is stopping

    def _stop_watching(self) -> None:
        self._done.set()
        if self._watching is not None:
            self._watching.join()

    def _written(self, stream: str) -> Path:
        return self.home.path.parent / f"up.{stream}"

    def _said(self) -> str:
        return "\n".join(self._written(stream).read_text(errors="replace") for stream in ("out", "err"))


def journals_of(home: Home) -> Path:
    """Where every service of the run journals its inputs."""
    return home.path.parent / "journals"


def until(what: str, holds: Callable[[], bool], bound_seconds: float = 60) -> None:
    """Looks ten times a second until it holds."""
    paused = threading.Event()
    for _ in range(int(bound_seconds * 10)):
        if holds():
            return
        paused.wait(0.1)
    raise AssertionError(f"not within {bound_seconds:g} s: {what}")


def fetch(url: str, token: str | None = None) -> tuple[int, str]:
    """Status and body, whatever the status. Raises OSError when nobody answers."""
    request = urllib.request.Request(url, headers={"Authorization": f"Bearer {token}"} if token else {})
    try:
        with urllib.request.urlopen(request, timeout=ANSWER_BOUND_SECONDS) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as refusal:
        with refusal:
            return refusal.code, refusal.read().decode()


def samples(exposition: str) -> Iterator[tuple[str, str, float]]:
    """Name, labels as written, and value of each sample."""
    for line in exposition.splitlines():
        if line and not line.startswith("#"):
            series, value = line.rsplit(" ", 1)
            name, _, labels = series.partition("{")
            yield name, labels.rstrip("}"), float(value)


def kinds(exposition: str) -> dict[str, str]:
    """What kind the exposition says each metric is, counters by the name of their samples."""
    typed = [line.split() for line in exposition.splitlines() if line.startswith("# TYPE ")]
    return {words[2]: words[3] for words in typed}


def total(exposition: str, name: str, labels: str = "") -> float:
    """The sum over all series of that name whose labels contain the given text."""
    return sum(value for found, written, value in samples(exposition) if found == name and labels in written)
