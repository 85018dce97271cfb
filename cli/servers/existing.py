"""Servers that the operator already has."""

import asyncio
from collections.abc import Awaitable
from urllib.parse import urlsplit

import nats
import nats.errors
import psycopg
import redis.asyncio as redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import RedisError

from cli.servers.errors import ServerError

ANSWER_BOUND_SECONDS = 5


async def check_postgres(url: str) -> None:
    """Raises ServerError unless queries are answered there."""
    await _answered("--postgres-url", url, _query(url))


async def check_nats(url: str) -> None:
    """Raises ServerError unless JetStream is on there."""
    await _answered("--nats-url", url, _ask_jetstream(url))


async def check_redis(url: str) -> None:
    """Raises ServerError unless commands are answered there."""
    await _answered("--redis-url", url, _ping(url))


async def _answered(option: str, url: str, question: Awaitable[None]) -> None:
    try:
        async with asyncio.timeout(ANSWER_BOUND_SECONDS):
            await question
    except (OSError, TimeoutError, psycopg.Error, nats.errors.Error, RedisError) as error:
        reason = (str(error).strip().splitlines() or [type(error).__name__])[0]
        raise ServerError(
            f"{option}: {_without_password(url)} does not answer ({reason}); start it or correct the address"
        ) from None


async def _query(url: str) -> None:
    async with await psycopg.AsyncConnection.connect(url, connect_timeout=ANSWER_BOUND_SECONDS) as connection:
        await connection.execute("select 1")


async def _ask_jetstream(url: str) -> None:
    faults: list[Exception] = []

    async def note(fault: Exception) -> None:
        faults.append(fault)

    try:
        client = await nats.connect(url, max_reconnect_attempts=1, reconnect_time_wait=0, error_cb=note)
    except nats.errors.NoServersError as error:
        raise faults[0] if faults else error from None
    try:
        await client.jetstream().account_info()
    finally:
        await client.close()


async def _ping(url: str) -> None:
    async with redis.from_url(url, retry=Retry(NoBackoff(), 0)) as client:  # pyright: ignore[reportUnknownMemberType]
        await client.execute_command("PING")  # pyright: ignore[reportUnknownMemberType]


def _without_password(url: str) -> str:
    parts = urlsplit(url)
    return parts._replace(netloc=parts.netloc.rpartition("@")[2]).geturl()
