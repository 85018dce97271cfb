"""Tops and prices on their way: to core NATS at once, to Redis when there is time."""

from __future__ import annotations

import asyncio
from typing import Any

from nats.aio.client import Client
from nats.errors import Error as NatsError
from redis.asyncio import Redis
from redis.exceptions import RedisError

from services.discovery.domain.prices import PriceBoard
from services.discovery.domain.tops import TopBoard
from shared.bus.levels import latest_key, publish_level
from shared.domain.clock import Clock
from shared.domain.ids import TokenId
from shared.messages.discovery import TopChanged
from shared.messages.envelope import encode_body
from shared.runtime.logs import Log
from shared.runtime.metrics import Metrics

FLUSH_SECONDS = 0.5
AWAY_PAUSE_SECONDS = 5.0


class LatestTops:
    """The newest top of each token in a Redis hash. Losable: with Redis away that is counted and trading goes on."""

    def __init__(self, redis: Redis, metrics: Metrics, log: Log) -> None:
        self._client: Any = redis
        self._waiting: dict[str, bytes] = {}
        self._gone: set[str] = set()
        self._log = log
        self._failures = metrics.counter("redis_failures_total", "Writes to Redis that failed")

    def put(self, token: TokenId, body: bytes) -> None:
        self._waiting[token] = body

    def forget(self, tokens: tuple[TokenId, ...]) -> None:
        for token in tokens:
            self._waiting.pop(token, None)
        self._gone.update(tokens)

    async def run(self) -> None:
        """For ever."""
        while True:
            try:
                await self._client.delete(latest_key(TopChanged))
                while True:
                    await self._flush()
                    await asyncio.sleep(FLUSH_SECONDS)
            except (RedisError, OSError) as error:
                self._failures.inc()
                self._log.warning("redis_away", reason=repr(error))
                await asyncio.sleep(AWAY_PAUSE_SECONDS)

    async def _flush(self) -> None:
        if self._waiting:
            batch, self._waiting = self._waiting, {}
            await self._client.hset(latest_key(TopChanged), mapping=batch)
        if self._gone:
            gone, self._gone = self._gone, set()
            await self._client.hdel(latest_key(TopChanged), *gone)

    async def close(self) -> None:
        await self._client.aclose()


class LevelPublisher:
    """Tells what the boards name as changed; of a token that changed twice meanwhile, the newest."""

    def __init__(
        self, client: Client, tops: TopBoard, prices: PriceBoard, latest: LatestTops, clock: Clock, metrics: Metrics
    ) -> None:
        self._client = client
        self._tops = tops
        self._prices = prices
        self._latest = latest
        self._clock = clock
        self._woken = asyncio.Event()
        told = metrics.counter("levels_published_total", "Levels published", ("level",))
        self._tops_told, self._prices_told = told.labels("top"), told.labels("price")
        self._resolved_told = told.labels("resolved")
        self._failures = metrics.counter("level_publish_failures_total", "Levels that could not be published")
        self._told_in = metrics.latency("frame_to_top_seconds", "A market frame read to its top handed to the bus")

    def wake(self) -> None:
        self._woken.set()

    async def run(self) -> None:
        """For ever."""
        while True:
            await self._woken.wait()
            self._woken.clear()
            try:
                await self._tell_tops()
                await self._tell_prices()
                await self._tell_resolved()
            except NatsError:
                self._failures.inc()

    async def _tell_tops(self) -> None:
        changed = self._tops.changed
        while changed:
            token = next(iter(changed))
            heard_at_seconds = changed.pop(token)
            top = self._tops.tell(token)
            if top is None:
                continue
            body = encode_body(top)
            await self._client.publish(f"{TopChanged.SUBJECT}.{token}", body)
            if heard_at_seconds is not None:
                self._told_in.observe(self._clock.monotonic_seconds() - heard_at_seconds)
            self._latest.put(token, body)
            self._tops_told.inc()

    async def _tell_prices(self) -> None:
        changed = self._prices.changed
        while changed:
            coin = next(iter(changed))
            del changed[coin]
            await publish_level(self._client, self._prices.tell(coin), coin)
            self._prices_told.inc()

    async def _tell_resolved(self) -> None:
        resolved = self._tops.resolved
        while resolved:
            market = next(iter(resolved))
            await publish_level(self._client, resolved.pop(market), market)
            self._resolved_told.inc()
