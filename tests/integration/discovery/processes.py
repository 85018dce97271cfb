"""A service as a process of its own, and what it says."""

from __future__ import annotations

import asyncio
import json
import os
import sys
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import httpx

ROLE_OF_TESTS = {"TDMAKER_RUN_ID": "test", "TDMAKER_CLOCK": "announced"}


@dataclass(frozen=True, slots=True)
class Service:
    process: asyncio.subprocess.Process
    http_port: int

    async def is_ready(self) -> bool:
        async with httpx.AsyncClient() as client:
            return (await client.get(f"http://127.0.0.1:{self.http_port}/readyz")).status_code == 200

    async def metric(self, line: str) -> float:
        """The value of a metric by its name with its labels; 0 where it is not there."""
        async with httpx.AsyncClient() as client:
            text = (await client.get(f"http://127.0.0.1:{self.http_port}/metrics")).text
        return next((float(each.rpartition(" ")[2]) for each in text.splitlines() if each.startswith(line + " ")), 0.0)

    async def says(self, action: str) -> dict[str, Any]:
        """The next log line of that action."""
        return await _line(self.process, action)


@asynccontextmanager
async def service(name: str, **environment: str) -> AsyncGenerator[Service]:
    """Runs until the block ends, and then stops within its bound."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", f"services.{name}"),
        env={"PATH": os.environ["PATH"]} | ROLE_OF_TESTS | environment,
        stdout=asyncio.subprocess.PIPE,
    )
    try:
        starting = await _line(process, "service_starting")
        yield Service(process, starting["http_port"])
        process.terminate()
        last_words, _ = await process.communicate()
        assert process.returncode == 0, last_words.decode()[-3000:]
    finally:
        if process.returncode is None:
            process.kill()
            await process.communicate()


async def _line(process: asyncio.subprocess.Process, action: str) -> dict[str, Any]:
    assert process.stdout is not None
    async for line in process.stdout:
        told = json.loads(line)
        if told["action"] == action:
            return told
    raise AssertionError(f"the service ended before {action}")
