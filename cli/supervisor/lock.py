"""One `up` a home."""

import fcntl
import os
from collections.abc import Generator
from contextlib import contextmanager

from cli.errors import EXIT_ALREADY_RUNNING, CommandError
from cli.home import PRIVATE_FILE, Home


@contextmanager
def home_held(home: Home) -> Generator[None, None, None]:
    """Holds the home until the block ends or this process dies. Raises CommandError when somebody else holds it."""
    descriptor = os.open(home.lock, os.O_RDWR | os.O_CREAT, PRIVATE_FILE)
    try:
        _take(descriptor, home)
        os.ftruncate(descriptor, 0)
        os.write(descriptor, f"{os.getpid()}\n".encode())
        yield
    finally:
        os.close(descriptor)


def _take(descriptor: int, home: Home) -> None:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        holder = os.read(descriptor, 32).decode(errors="replace").strip() or "unknown"
        raise CommandError(
            f"process {holder} already uses {home.path}; stop it, or choose another home with --home",
            EXIT_ALREADY_RUNNING,
        ) from None
