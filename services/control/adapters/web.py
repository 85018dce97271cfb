"""Uvicorn inside a service that handles signals itself."""

from __future__ import annotations

import socket
from collections.abc import Generator
from contextlib import contextmanager

import uvicorn
from fastapi import FastAPI

from shared.runtime.settings import SettingsError

STOP_TIMEOUT_SECONDS = 2
CONNECTIONS_MAX = 200
BACKLOG = 128


class WebServer(uvicorn.Server):
    """Serves until `should_exit` is set; the process's signals are none of its business."""

    def __init__(self, app: FastAPI) -> None:
        super().__init__(
            uvicorn.Config(
                app,
                lifespan="off",
                log_config=None,
                access_log=False,
                server_header=False,
                limit_concurrency=CONNECTIONS_MAX,
                timeout_graceful_shutdown=STOP_TIMEOUT_SECONDS,
            )
        )

    @contextmanager
    def capture_signals(self) -> Generator[None, None, None]:
        yield


def listen(host: str, port: int) -> socket.socket:
    """Raises SettingsError naming the setting when the address cannot be had."""
    try:
        family = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0][0]
        bound = socket.socket(family, socket.SOCK_STREAM)
        bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        bound.bind((host, port))
        bound.listen(BACKLOG)
    except OSError as error:
        raise SettingsError(
            f"control_port={port}: cannot listen on {host} ({error.strerror}); free the port, give another, or 0"
        ) from None
    return bound
