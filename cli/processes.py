"""Child processes that never outlive this one, and the identity by which a later start knows them again."""

import asyncio
import ctypes
import os
import signal
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

PR_SET_PDEATHSIG = 1
KILL_BOUND_SECONDS = 5.0
_LIBC = ctypes.CDLL(None)


@dataclass(frozen=True, slots=True)
class ProcessIdentity:
    """A process id is given out again; together with its start and the machine's boot it is not."""

    pid: int
    start_ticks: int
    boot_id: str


@dataclass(slots=True)
class ChildProcess:
    """One running child, its output in a file of its own."""

    name: str
    process: asyncio.subprocess.Process
    log: Path

    @property
    def pid(self) -> int:
        return self.process.pid

    @property
    def ended(self) -> bool:
        return self.process.returncode is not None

    async def wait(self) -> int:
        """The exit code, negative for a signal."""
        return await self.process.wait()

    async def stop(self, bound_seconds: float, *signals: signal.Signals) -> None:
        """Sends each signal in turn, waiting `bound_seconds` after each, and kills what is left."""
        for number in (*signals, signal.SIGKILL):
            if self.ended:
                return
            self.process.send_signal(number)
            try:
                async with asyncio.timeout(KILL_BOUND_SECONDS if number == signal.SIGKILL else bound_seconds):
                    await self.process.wait()
            except TimeoutError:
                continue


async def spawn(
    name: str,
    command: Sequence[str],
    *,
    environment: Mapping[str, str],
    log: Path,
    death_signal: signal.Signals = signal.SIGKILL,
) -> ChildProcess:
    """Starts a child in its own session, so that Ctrl-C reaches it only through us. Raises OSError.

    Must run in the main thread: the kernel ends the child when the thread that started it ends.
    """
    with log.open("ab") as output:
        process = await asyncio.create_subprocess_exec(
            *command,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=output,
            stderr=asyncio.subprocess.STDOUT,
            env=dict(environment),
            start_new_session=True,
            preexec_fn=die_with_parent(death_signal),
        )
    return ChildProcess(name, process, log)


def die_with_parent(death_signal: signal.Signals) -> Callable[[], None]:
    """What a fresh child calls: ask the kernel for `death_signal` when the parent ends."""
    parent = os.getpid()

    def ask() -> None:
        if sys.platform != "linux":
            return
        _LIBC.prctl(PR_SET_PDEATHSIG, int(death_signal), 0, 0, 0)
        if os.getppid() != parent:
            os._exit(1)

    return ask


def identify(pid: int) -> ProcessIdentity | None:
    """The identity of a running process, None when there is none."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text()
        boot_id = Path("/proc/sys/kernel/random/boot_id").read_text().strip()
    except OSError:
        return None
    after_name = stat.rpartition(")")[2].split()
    return None if after_name[0] in {"Z", "X"} else ProcessIdentity(pid, int(after_name[19]), boot_id)


def environment_of(pid: int) -> frozenset[str]:
    """The `NAME=value` pairs with which a process was started; empty where they cannot be read."""
    try:
        text = Path(f"/proc/{pid}/environ").read_bytes()
    except OSError:
        return frozenset()
    return frozenset(part.decode(errors="replace") for part in text.split(b"\0") if part)


def command_of(pid: int) -> str:
    """The command line of a process, blanks between its words."""
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace").strip()
    except OSError:
        return ""


def last_line(log: Path) -> str:
    """The last words of a child, for an error of one line."""
    try:
        lines = log.read_text(errors="replace").strip().splitlines()
    except OSError:
        return "no output"
    return lines[-1].strip() if lines else "no output"
