"""A connection that closes without an answer."""

import asyncio
from typing import Any

from starlette.responses import Response
from starlette.types import Receive, Scope, Send
from uvicorn.protocols.http.h11_impl import H11Protocol

HANG_UP = "venue_sim.hang_up"


class HungUpError(Exception):
    """Raised out of the application where no server gave it a connection to close: a caller in the same process."""


class NoAnswer(Response):
    """Closes the connection instead of answering."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:  # noqa: ARG002
        hang_up = scope.get("extensions", {}).get(HANG_UP)
        if hang_up is None:
            raise HungUpError
        hang_up()
        while (await receive())["type"] != "http.disconnect":
            await asyncio.sleep(0)


class Protocol(H11Protocol):
    """Uvicorn's, which also hands each request the way to close its connection."""

    def handle_events(self) -> None:
        before: Any = self.scope
        super().handle_events()
        if self.scope is not before:
            extensions: dict[str, Any] = self.scope.setdefault("extensions", {})  # pyright: ignore[reportAssignmentType]
            extensions[HANG_UP] = self.transport.close
