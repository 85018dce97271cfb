"""What services use of Redis, in memory; it may forget everything."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Mapping
from typing import cast

from redis.asyncio import Redis
from redis.exceptions import ConnectionError as AwayError

HOP_SECONDS = 0.0003


class Memory:
    """One server."""

    def __init__(self) -> None:
        self.is_up = True
        self.hashes: defaultdict[str, dict[str, bytes]] = defaultdict(dict)

    def client(self) -> Redis:
        return cast("Redis", _Client(self))

    def stop(self) -> None:
        self.is_up = False
        self.hashes.clear()

    def start(self) -> None:
        self.is_up = True


class _Client:
    """Each method raises redis.exceptions.ConnectionError while the server is away."""

    def __init__(self, server: Memory) -> None:
        self._server = server

    async def hset(self, name: str, *, mapping: Mapping[str, bytes]) -> None:
        await self._ask()
        self._server.hashes[name].update(mapping)

    async def hdel(self, name: str, *keys: str) -> None:
        await self._ask()
        for key in keys:
            self._server.hashes[name].pop(key, None)

    async def hgetall(self, name: str) -> dict[bytes, bytes]:
        await self._ask()
        return {key.encode(): value for key, value in self._server.hashes[name].items()}

    async def delete(self, name: str) -> None:
        await self._ask()
        self._server.hashes.pop(name, None)

    async def aclose(self) -> None:
        pass

    async def _ask(self) -> None:
        await asyncio.sleep(HOP_SECONDS)
        if not self._server.is_up:
            raise AwayError("Connection refused")
