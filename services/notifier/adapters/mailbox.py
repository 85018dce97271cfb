"""A bounded queue between the facts and a Telegram that may be slow or dead."""

from __future__ import annotations

import asyncio
from collections import deque

import stamina

from services.notifier.ports import Sender, SendFailedError
from shared.runtime.logs import get_log
from shared.runtime.metrics import Metrics

TEXT_MAX_CHARACTERS = 3500
SEND_ATTEMPTS = 5
SEND_TIMEOUT_SECONDS = 60.0
RETRY_AFTER_MAX_SECONDS = 30.0


class BoundedMailbox:
    """Delivers in order. Texts that wait together travel as one message; what cannot be delivered is counted."""

    def __init__(self, sender: Sender, metrics: Metrics, waiting_max: int = 200, pause_seconds: float = 1.0) -> None:
        self._sender = sender
        self._waiting: deque[str] = deque()
        self._waiting_max = waiting_max
        self._pause_seconds = pause_seconds
        self._offered = asyncio.Event()
        self._texts = metrics.counter("notifications_total", "Texts by how they ended", ("ended",))
        self._queue = metrics.gauge("notifications_waiting", "Texts waiting for Telegram")
        self._reachable = metrics.gauge("telegram_reachable", "1 when the last message was delivered, else 0")

    def offer(self, text: str) -> None:
        if len(self._waiting) >= self._waiting_max:
            self._waiting.popleft()
            self._texts.labels("dropped").inc()
        self._waiting.append(text)
        self._queue.set(len(self._waiting))
        self._offered.set()

    async def deliver(self) -> None:
        """Runs for ever."""
        while True:
            await self._offered.wait()
            await self.flush()
            self._offered.clear()

    async def flush(self) -> None:
        """Sends what waits now, with a pause between messages as Telegram asks."""
        while self._waiting:
            texts = self._take()
            ended = "sent" if await self._sent("\n\n".join(texts)) else "failed"
            self._texts.labels(ended).inc(len(texts))
            if self._waiting:
                await asyncio.sleep(self._pause_seconds)

    def _take(self) -> list[str]:
        texts = [self._waiting.popleft()[:TEXT_MAX_CHARACTERS]]
        size = len(texts[0])
        while self._waiting and size + len(self._waiting[0]) + 2 <= TEXT_MAX_CHARACTERS:
            texts.append(self._waiting.popleft())
            size += len(texts[-1]) + 2
        self._queue.set(len(self._waiting))
        return texts

    async def _sent(self, text: str) -> bool:
        try:
            async for attempt in stamina.retry_context(
                on=_retry_hint, attempts=SEND_ATTEMPTS, timeout=SEND_TIMEOUT_SECONDS, wait_max=RETRY_AFTER_MAX_SECONDS
            ):
                with attempt:
                    await self._sender.send(text)
        except SendFailedError as error:
            self._reachable.set(0)
            get_log().warning("notification_failed", reason=str(error))
            return False
        self._reachable.set(1)
        return True


def _retry_hint(error: Exception) -> bool | float:
    if not isinstance(error, SendFailedError):
        return False
    asked = error.retry_after_seconds
    return True if asked is None else min(asked, RETRY_AFTER_MAX_SECONDS)
