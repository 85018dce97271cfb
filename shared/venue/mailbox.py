"""Between a socket's step and a slower reader: bounded, and honest when it overflows."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Generic, TypeVar

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Overflowed:
    """The reader was too slow: this many values were thrown away. To be treated as a lost connection."""

    dropped: int


class Mailbox(Generic[T]):
    """Values in order. When full it is emptied and says so: better a known gap than a growing delay."""

    def __init__(self, limit: int = 10_000) -> None:
        self._limit = limit
        self._values: deque[T] = deque()
        self._dropped = 0
        self._is_filled = asyncio.Event()

    def put(self, value: T) -> None:
        if len(self._values) >= self._limit:
            self._dropped += len(self._values)
            self._values.clear()
        self._values.append(value)
        self._is_filled.set()

    async def get(self) -> T | Overflowed:
        await self._is_filled.wait()
        if self._dropped:
            dropped, self._dropped = self._dropped, 0
            return Overflowed(dropped)
        value = self._values.popleft()
        if not self._values:
            self._is_filled.clear()
        return value

    async def __aiter__(self) -> AsyncIterator[T | Overflowed]:
        while True:
            yield await self.get()
