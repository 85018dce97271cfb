"""The newest levels as Redis remembers them, so that a restarted service need not wait for quiet books to speak."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, TypeVar, cast

from redis.asyncio import Redis
from redis.exceptions import RedisError

from shared.bus.levels import latest_key
from shared.messages.envelope import Message, MessageError, decode_body

TIMEOUT_SECONDS = 1
L = TypeVar("L", bound=Message)


def new_redis(redis_url: str) -> Redis:
    from_url = cast("Callable[..., Redis]", Redis.from_url)  # pyright: ignore[reportUnknownMemberType]
    return from_url(redis_url, socket_timeout=TIMEOUT_SECONDS, socket_connect_timeout=TIMEOUT_SECONDS)


async def remembered_levels(redis: Redis, kind: type[L]) -> list[L]:
    """Nothing when Redis is away or remembers nothing: it may; what it remembers wrongly is left out. Closes it."""
    client: Any = redis
    try:
        held = cast("Mapping[bytes, bytes]", await client.hgetall(latest_key(kind)))
    except (RedisError, OSError):
        return []
    finally:
        await client.aclose()
    return [level for data in held.values() if (level := _decoded(kind, data)) is not None]


def _decoded(kind: type[L], data: bytes) -> L | None:
    try:
        return decode_body(kind, data)
    except MessageError:
        return None
