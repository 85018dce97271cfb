"""A simulator as a process of its own, on a free port."""

import json
import subprocess
import sys
import time
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx

ROOT = Path(__file__).parents[2]


@dataclass(frozen=True, slots=True)
class Address:
    port: int
    pid: int

    @property
    def http(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def ws(self) -> str:
        return f"ws://127.0.0.1:{self.port}/ws"


@contextmanager
def simulator(*arguments: str) -> Generator[Address]:
    """Runs until the block ends; the process is ended by its own id."""
    command = [sys.executable, "-m", "venue_sim", "--port", "0", *arguments]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            ready = json.loads(process.stdout.readline())
            yield Address(ready["port"], process.pid)
        finally:
            process.terminate()
            process.wait(timeout=10)


def set_clock(address: Address, *, speed: float, domain_s: int | None = None) -> None:
    now_ms = time.time_ns() // 1_000_000
    body = {
        "origin_wall_ms": now_ms,
        "origin_domain_ms": now_ms if domain_s is None else domain_s * 1000,
        "speed": speed,
    }
    httpx.post(f"{address.http}/sim/clock", json=body).raise_for_status()
