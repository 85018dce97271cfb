"""Tops and prices on their way out: core NATS at once, Redis as it can."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable
from typing import cast

from nats.aio.client import Client
from prometheus_client import Counter
from redis.asyncio import Redis
from redis.exceptions import RedisError

from shared.bus.levels import Newest, latest_key, publish_level
from shared.messages.discovery import ReferencePrice, TopChanged
from shared.messages.envelope import encode_body

REDIS_TIMEOUT_SECONDS = 1.0
Level = TopChanged | ReferencePrice


def level_key(level: Level) -> str:
    return level.token if isinstance(level, TopChanged) else level.coin


class LevelPublisher:
    """Core NATS carries each level; Redis keeps the newest for warm starts. A Redis that is away costs nothing."""

    def __init__(self, client: Client, redis: Redis, redis_failures: Counter) -> None:
        self._client = client
        self._redis = redis
        self._redis_failures = redis_failures
        self._tops: Newest[TopChanged] = Newest("top_out", level_key)
        self._prices: Newest[ReferencePrice] = Newest("price_out", level_key)
        self._warm: Newest[Level] = Newest("redis", level_key)

    def top(self, top: TopChanged) -> None:
        self._tops.put(top)

    def price(self, price: ReferencePrice) -> None:
        self._prices.put(price)

    async def publish_tops(self) -> None:
        async for top in self._tops:
            await publish_level(self._client, top, top.token)
            self._warm.put(top)

    async def publish_prices(self) -> None:
        async for price in self._prices:
            await publish_level(self._client, price, price.coin)
            self._warm.put(price)

    async def keep_warm(self) -> None:
        """Off the hot path; what a slow Redis cannot take is replaced by what is newer."""
        async for level in self._warm:
            try:
                async with asyncio.timeout(REDIS_TIMEOUT_SECONDS):
                    await self._remember(level)
            except (RedisError, OSError, TimeoutError):
                self._redis_failures.inc()
                await asyncio.sleep(REDIS_TIMEOUT_SECONDS)

    async def _remember(self, level: Level) -> None:
        """A token that left the book is forgotten, so the hash holds what is traded now and no more."""
        if isinstance(level, TopChanged) and not level.known:
            await cast("Awaitable[int]", self._redis.hdel(latest_key(TopChanged), level.token))
        else:
            await cast(
                "Awaitable[int]",
                self._redis.hset(latest_key(type(level)), level_key(level), encode_body(level).decode()),
            )
