"""`python -m venue_sim`: serves until SIGTERM; the first line on stdout says where."""

import json
import logging
import socket
import sys

import uvicorn

from venue_sim.api.app import build_app
from venue_sim.api.hang_up import Protocol
from venue_sim.bootstrap import Simulator, build
from venue_sim.clock import SystemClock
from venue_sim.journal import CorruptJournalError
from venue_sim.recording import CorruptRecordingError
from venue_sim.settings import parse_options


class _Server(uvicorn.Server):
    """Says on stdout that it listens, once it does, and stops when the world's timers break."""

    failure: BaseException | None = None

    def fail(self, error: BaseException) -> None:
        self.failure = error
        self.should_exit = True

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        if sockets and self.started:
            ready = {"ready": True, "port": sockets[0].getsockname()[1]}
            sys.stdout.write(json.dumps(ready) + "\n")
            sys.stdout.flush()


def main(arguments: list[str]) -> int:
    logging.basicConfig(level=logging.WARNING, format="%(asctime)s %(levelname)s %(name)s %(message)s")
    options = parse_options(arguments)
    try:
        listener = _listen(options.host, options.port)
        simulator = build(options, SystemClock())
    except (CorruptRecordingError, CorruptJournalError, OSError) as error:
        sys.stderr.write(f"venue_sim: {error}\n")
        return 2
    return _serve(simulator, listener)


KEEP_ALIVE_SECONDS = 75
"""Longer than clients keep an idle connection, so that a close never crosses a request."""


def _serve(simulator: Simulator, listener: socket.socket) -> int:
    def fail(error: BaseException) -> None:
        server.fail(error)

    config = uvicorn.Config(
        build_app(simulator.world, simulator.hub, fail, simulator.limits),
        http=Protocol,
        loop="uvloop",
        ws="websockets-sansio",
        ws_per_message_deflate=False,
        ws_ping_interval=25,
        ws_ping_timeout=50,
        ws_max_size=1 << 20,
        log_level="warning",
        access_log=False,
        server_header=False,
        timeout_keep_alive=KEEP_ALIVE_SECONDS,
        timeout_graceful_shutdown=1,
    )
    server = _Server(config)
    server.run(sockets=[listener])
    simulator.journal.close()
    if server.failure is not None:
        logging.critical("the simulator's timers broke", exc_info=server.failure)
        return 1
    return 0


def _listen(host: str, port: int) -> socket.socket:
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, port))
    except OSError as error:
        raise OSError(
            f"{host}:{port} cannot be used: {error.strerror}; choose others with --host and --port"
        ) from error
    listener.listen(512)
    return listener


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
