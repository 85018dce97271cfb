"""The newest tops as Redis remembers them, so that a restarted bidder need not wait for quiet books to speak."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, cast

from redis.asyncio import Redis
from redis.exceptions import RedisError

from shared.bus.levels import latest_key
from shared.messages.discovery import TopChanged
from shared.messages.envelope import MessageError, decode_body


async def remembered_tops(redis_url: str) -> list[TopChanged]:
    """Nothing when Redis is away or remembers nothing: it may."""
    client: Any = Redis.from_url(redis_url, socket_timeout=1, socket_connect_timeout=1)
    try:
        held = cast("Mapping[bytes, bytes]", await client.hgetall(latest_key(TopChanged)))
    except (RedisError, OSError):
        return []
    finally:
        await client.aclose()
    return [top for data in held.values() if (top := _top(data)) is not None]


def _top(data: bytes) -> TopChanged | None:
    try:
        return decode_body(TopChanged, data)
    except MessageError:
        return None
