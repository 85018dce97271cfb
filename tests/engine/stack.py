"""The compose file brought up under a name of its own, on free ports, and asked from outside."""

import json
import math
import os
import subprocess
import time
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

import httpx

from cli.servers.readiness import free_port

ROOT = Path(__file__).parents[2]
BUILD_BOUND_SECONDS = 400
START_BOUND_SECONDS = 120
STOP_BOUND_SECONDS = 60
COMMAND_BOUND_SECONDS = 30
POLL_SECONDS = 0.5
LONGEST_TEST_SECONDS = 900
PREFIX = "tdmaker-test-"
# No image of it can be had everywhere that has an engine; its queries are put to Prometheus.
LEFT_OUT = "grafana"
T = TypeVar("T")


@dataclass(slots=True)
class Stack:
    """`engine` is the environment of the engine's client; `settings` are what a user would have in the shell."""

    engine: Mapping[str, str]
    project: str = field(default_factory=lambda: f"{PREFIX}{int(time.time())}-{uuid.uuid4().hex[:6]}")
    control_port: int = field(default_factory=free_port)
    prometheus_port: int = field(default_factory=free_port)
    settings: dict[str, str] = field(default_factory=dict[str, str])
    tokens: dict[str, str] = field(default_factory=dict[str, str])

    def build(self) -> None:
        """Returns when what it wrote is on the disk, or the first commits of the system would have to wait for that."""
        self.compose("build", "--quiet", seconds=BUILD_BOUND_SECONDS)
        os.sync()

    def remove_leftovers(self) -> None:
        """What a killed test left behind would be started again with the engine, for ever."""
        oldest = int(time.time()) - LONGEST_TEST_SECONDS
        projects = json.loads(self.compose("ls", "--all", "--format", "json"))
        for name in (project["Name"] for project in projects):
            if name.startswith(PREFIX) and int(name.removeprefix(PREFIX).partition("-")[0]) < oldest:
                self.compose("--project-name", name, "down", "--volumes", seconds=STOP_BOUND_SECONDS)

    def up(self, **settings: str) -> None:
        """Returns when all containers were started, before the services are ready."""
        self.settings = settings
        services = [name for name in self.compose("config", "--services").split() if name != LEFT_OUT]
        self.compose("up", "--detach", "--no-build", *services, seconds=START_BOUND_SECONDS)
        kept = json.loads(self.inside("control", "cat", "/var/lib/tdmaker/secrets/control/tokens.json"))
        self.tokens = {token["role"]: token["token"] for token in kept["tokens"]}

    def down(self, *options: str) -> None:
        self.compose("down", "--timeout", "15", *options, seconds=STOP_BOUND_SECONDS)

    def compose(self, *arguments: str, seconds: float = COMMAND_BOUND_SECONDS) -> str:
        """What it said on stdout."""
        return self._run("docker", "compose", *arguments, seconds=seconds)

    def inside(self, service: str, *command: str) -> str:
        return self.compose("exec", "--no-TTY", service, *command)

    def inspected(self) -> dict[str, Any]:
        """Every running container by its service, as the engine describes it."""
        ids = self.compose("ps", "--quiet").split()
        described = json.loads(self._run("docker", "inspect", *ids, seconds=COMMAND_BOUND_SECONDS))
        return {container["Config"]["Labels"]["com.docker.compose.service"]: container for container in described}

    def ask(self, path: str) -> Any:
        """An answer of the control API to a viewer."""
        return self._control("GET", path, "viewer")

    def act(self, path: str) -> Any:
        return self._control("POST", path, "operator")

    def referee(self) -> Any:
        """The simulator's own ledger, which is not published."""
        code = "import urllib.request as r; print(r.urlopen('http://127.0.0.1:8790/sim/referee').read().decode())"
        return json.loads(self.inside("simulator", "python", "-c", code))

    def table(self, query: str) -> list[str]:
        return self.inside("postgres", "psql", "--username=tdmaker", "--tuples-only", "--no-align", "-c", query).split()

    def measured(self, query: str) -> list[dict[str, Any]]:
        """What Prometheus knows at this moment: label sets with a value that is a number."""
        address = f"http://127.0.0.1:{self.prometheus_port}/api/v1/query"
        answer = httpx.get(address, params={"query": query}, timeout=10).raise_for_status().json()
        return [row for row in answer["data"]["result"] if not math.isnan(float(row["value"][1]))]

    def until(self, what: str, seconds: float, question: Callable[[], T]) -> T:
        """The first answer that is not empty; a question that cannot be asked yet counts as empty."""
        end_seconds = time.monotonic() + seconds
        while time.monotonic() < end_seconds:
            try:
                answer = question()
            except httpx.HTTPError:
                answer = None
            if answer:
                return answer
            time.sleep(POLL_SECONDS)
        raise AssertionError(f"{what}: not within {seconds:g} s\n{self._state()}")

    def _state(self) -> str:
        return self.compose("ps", "--all") + self.compose("logs", "--no-color", "--tail", "15")

    def _control(self, method: str, path: str, role: str) -> Any:
        address = f"http://127.0.0.1:{self.control_port}{path}"
        headers = {"Authorization": f"Bearer {self.tokens[role]}"}
        return httpx.request(method, address, headers=headers, timeout=40).raise_for_status().json()

    def _run(self, *command: str, seconds: float) -> str:
        own = {
            "COMPOSE_PROJECT_NAME": self.project,
            "TDMAKER_CONTROL_PORT": str(self.control_port),
            "TDMAKER_PROMETHEUS_PORT": str(self.prometheus_port),
        }
        done = subprocess.run(
            command,
            cwd=ROOT,
            env={**self.engine, **own, **self.settings},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=seconds,
            check=False,
        )
        assert done.returncode == 0, f"{' '.join(command)}: status {done.returncode}\n{done.stderr[-4000:]}"
        return done.stdout
