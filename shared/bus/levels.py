"""Books and prices are levels: only the newest counts. Core NATS carries them, a slow reader skips to the newest."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from typing import Generic, TypeVar

from nats.aio.client import Client
from nats.aio.msg import Msg
from prometheus_client import Counter

from shared.messages.envelope import Message, MessageError, decode_body, encode_body

L = TypeVar("L", bound=Message)

SKIPPED = Counter("tdmaker_levels_skipped_total", "Levels replaced by a newer one before they were read", ["level"])
MALFORMED = Counter("tdmaker_levels_malformed_total", "Levels that could not be decoded", ["level"])


class Newest(Generic[L]):
    """The newest level of each key, oldest change first. `put` never waits; iteration ends when cancelled."""

    def __init__(self, name: str, key: Callable[[L], str]) -> None:
        self._name = name
        self._key = key
        self._waiting: dict[str, L] = {}
        self._changed = asyncio.Event()

    def put(self, level: L) -> None:
        key = self._key(level)
        if key in self._waiting:
            SKIPPED.labels(self._name).inc()
        self._waiting[key] = level
        self._changed.set()

    async def __aiter__(self) -> AsyncIterator[L]:
        while True:
            await self._changed.wait()
            while self._waiting:
                key = next(iter(self._waiting))
                yield self._waiting.pop(key)
            self._changed.clear()


def latest_key(kind: type[Message]) -> str:
    """The Redis hash of the newest level of each key, for a warm start and for status views; it may be lost."""
    return f"tdmaker:latest:{kind.SUBJECT}"


async def publish_level(client: Client, message: Message, key: str) -> None:
    """`key` becomes the last token of the subject: a token id or a coin."""
    await client.publish(f"{message.SUBJECT}.{key}", encode_body(message))


async def subscribe_levels(client: Client, kind: type[L], newest: Newest[L]) -> None:
    async def receive(message: Msg) -> None:
        try:
            newest.put(decode_body(kind, message.data))
        except MessageError:
            MALFORMED.labels(kind.SCHEMA).inc()

    await client.subscribe(f"{kind.SUBJECT}.*", cb=receive)
