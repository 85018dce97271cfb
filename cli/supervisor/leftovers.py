"""Ends what an `up` that was killed may have left running."""

import asyncio
import contextlib
import os
import signal

from cli.home import Home
from cli.processes import environment_of, identify
from cli.supervisor.record import RecordedProcess, forget_record, read_record

GRACE_SECONDS = 5.0
POLL_SECONDS = 0.02


async def end_leftovers(home: Home) -> int:
    """Call it holding the home. Ends only processes that were recorded and still are the same; returns how many."""
    record = read_record(home)
    left = [process for process in record.processes if _is_ours(process, home)] if record else []
    for process in left:
        _signal(process, signal.SIGINT if process.name == "postgres" else signal.SIGTERM)
    if not await _gone(left, home):
        for process in left:
            if _is_ours(process, home):
                _signal(process, signal.SIGKILL)
        await _gone(left, home)
    forget_record(home)
    return len(left)


def _is_ours(process: RecordedProcess, home: Home) -> bool:
    same = identify(process.pid) == process.identity
    return same and f"TDMAKER_HOME={home.path}" in environment_of(process.pid)


def _signal(process: RecordedProcess, number: signal.Signals) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.kill(process.pid, number)


async def _gone(processes: list[RecordedProcess], home: Home) -> bool:
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(GRACE_SECONDS):
            while any(_is_ours(process, home) for process in processes):
                await asyncio.sleep(POLL_SECONDS)
            return True
    return False
