"""One subscriber's socket: frames are queued by the engine and written at once by a task of its own."""

import asyncio
from collections import deque
from collections.abc import Callable
from contextlib import suppress

from starlette.websockets import WebSocket, WebSocketDisconnect, WebSocketState

from venue_sim.faults.frames import Passing

OnLeave = Callable[[], None]
LONGEST_QUEUE = 20_000
SLOW_CONSUMER = 1013


class Connection:
    """`push` never blocks; a reader that falls hopelessly behind is closed."""

    def __init__(self, socket: WebSocket, passing: Passing) -> None:
        self._socket = socket
        self._passing = passing
        self._queue: deque[tuple[str, OnLeave | None]] = deque()
        self._wake = asyncio.Event()
        self._close_code: int | None = None

    def tell(self, text: str, on_leave: OnLeave | None = None) -> None:
        """Pushes an event, by way of the faults that frames may meet; answers are pushed."""
        for frame in self._passing.frames(text):
            self.push(frame, on_leave)

    def push(self, text: str, on_leave: OnLeave | None = None) -> None:
        """`on_leave` is called right before the frame is written."""
        self._queue.append((text, on_leave))
        self._wake.set()

    def push_close(self, code: int) -> None:
        """Closes once everything pushed so far is written."""
        self._close_code = code
        self._wake.set()

    async def write(self) -> None:
        """Writes queued frames until the socket closes."""
        with suppress(WebSocketDisconnect, RuntimeError):
            while self._socket.application_state == WebSocketState.CONNECTED:
                await self._wake.wait()
                self._wake.clear()
                if len(self._queue) > LONGEST_QUEUE:
                    await self.close(SLOW_CONSUMER)
                    return
                while self._queue:
                    text, on_leave = self._queue.popleft()
                    if on_leave is not None:
                        on_leave()
                    await self._socket.send_text(text)
                if self._close_code is not None:
                    await self.close(self._close_code)

    async def close(self, code: int) -> None:
        with suppress(WebSocketDisconnect, RuntimeError):
            await self._socket.close(code)
