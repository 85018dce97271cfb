"""Waiting for a server that was just started."""

import asyncio
import socket
from collections.abc import Awaitable, Callable

from cli.processes import ChildProcess, last_line
from cli.servers.errors import PortTakenError, ServerError

START_BOUND_SECONDS = 60.0
POLL_SECONDS = 0.02
HOST = "127.0.0.1"

Probe = Callable[[], Awaitable[bool]]


def free_port() -> int:
    """A loopback port that nobody listens on at this moment."""
    with socket.socket() as listener:
        listener.bind((HOST, 0))
        return int(listener.getsockname()[1])


def is_free(port: int) -> bool:
    """Whether this loopback port could be listened on now."""
    with socket.socket() as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind((HOST, port))
        except OSError:
            return False
        return True


async def until_ready(child: ChildProcess, probe: Probe) -> None:
    """Returns when the probe answers. Raises ServerError when the server ends before or takes too long."""
    try:
        async with asyncio.timeout(START_BOUND_SECONDS):
            while not await probe():
                if child.ended:
                    raise _ended(child)
                await asyncio.sleep(POLL_SECONDS)
    except TimeoutError:
        raise ServerError(
            f"{child.name} did not answer within {START_BOUND_SECONDS:g} s; its log is {child.log}"
        ) from None


async def answers(port: int, question: bytes, expected: bytes) -> bool:
    """Whether a server on this loopback port replies to `question` with something that holds `expected`."""
    try:
        reader, writer = await asyncio.open_connection(HOST, port)
    except OSError:
        return False
    try:
        writer.write(question)
        async with asyncio.timeout(1):
            return expected in await reader.read(65_536)
    except (OSError, TimeoutError):
        return False
    finally:
        writer.close()


def _ended(child: ChildProcess) -> ServerError:
    words = last_line(child.log)
    if "in use" in child.log.read_text(errors="replace")[-4000:]:
        return PortTakenError(f"{child.name}: {words}")
    return ServerError(f"{child.name} ended while starting: {words}; its log is {child.log}")
