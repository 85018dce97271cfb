"""Leases with a fencing epoch, and the liveness beat."""

from __future__ import annotations

from datetime import timedelta

from shared.db.pool import Pool, call


async def take_lease(pool: Pool, name: str, holder: str, ttl: timedelta) -> int | None:
    """Takes or renews; the epoch, or None while somebody else holds it."""
    epoch = await call(pool, "select take_lease(%s, %s, %s)", (name, holder, ttl))
    return epoch if isinstance(epoch, int) else None


async def release_lease(pool: Pool, name: str, holder: str) -> None:
    await call(pool, "select release_lease(%s, %s)", (name, holder))


async def beat(pool: Pool, account: str, service: str, instance: str) -> None:
    await call(pool, "select beat(%s, %s, %s)", (account, service, instance))
