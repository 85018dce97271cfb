"""Server-sent events: the overview again whenever something changed, and once a second."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable

from services.control.domain.overview import Overview
from services.control.ports import UnavailableError

READERS_MAX = 32
PAUSE_SECONDS = 1.0
AGE_MAX_SECONDS = 0.25


class Live:
    """One reading of the tables serves all readers of the same moment; readers that come too many are turned away."""

    def __init__(self, read: Callable[[], Awaitable[Overview]], monotonic_seconds: Callable[[], float]) -> None:
        self._read = read
        self._monotonic_seconds = monotonic_seconds
        self._latest: tuple[float, Overview] | None = None
        self._reading = asyncio.Lock()
        self._changed = asyncio.Event()
        self._stopped = False
        self.readers = 0

    def changed(self) -> None:
        """Something was heard: readers get the overview now instead of within a second."""
        self._changed.set()

    def stop(self) -> None:
        """Lets every reader go."""
        self._stopped = True
        self._changed.set()

    async def overview(self) -> Overview:
        """At most a quarter of a second old. Raises UnavailableError."""
        async with self._reading:
            now = self._monotonic_seconds()
            if self._latest is None or now - self._latest[0] > AGE_MAX_SECONDS:
                self._latest = (now, await self._read())
            return self._latest[1]

    async def events(self, render: Callable[[Overview], str]) -> AsyncIterator[str]:
        """Ends when the reader goes or the service stops."""
        self.readers += 1
        try:
            while not self._stopped:
                yield await self._event(render)
                await self._pause()
        finally:
            self.readers -= 1

    async def _event(self, render: Callable[[Overview], str]) -> str:
        try:
            return f"event: overview\ndata: {render(await self.overview())}\n\n"
        except UnavailableError as error:
            return f"event: unavailable\ndata: {error}\n\n"

    async def _pause(self) -> None:
        await asyncio.sleep(AGE_MAX_SECONDS)
        try:
            async with asyncio.timeout(PAUSE_SECONDS - AGE_MAX_SECONDS):
                await self._changed.wait()
        except TimeoutError:
            return
        if not self._stopped:
            self._changed.clear()
