"""Leases with a fencing epoch, and the liveness beat."""

from __future__ import annotations

import asyncio
import contextlib
from datetime import timedelta

import psycopg

from shared.db.pool import Pool, call

LEASE_SECONDS = 6.0
RENEW_SECONDS = 2.0


class LeaseLostError(RuntimeError):
    """Somebody else holds it now, or it could not be renewed before it ran out."""


async def take_lease(pool: Pool, name: str, holder: str, ttl: timedelta) -> int | None:
    """Takes or renews; the epoch, or None while somebody else holds it."""
    epoch = await call(pool, "select take_lease(%s, %s, %s)", (name, holder, ttl))
    return epoch if isinstance(epoch, int) else None


async def release_lease(pool: Pool, name: str, holder: str) -> None:
    await call(pool, "select release_lease(%s, %s)", (name, holder))


async def beat(pool: Pool, account: str, service: str, instance: str) -> None:
    await call(pool, "select beat(%s, %s, %s)", (account, service, instance))


class Lease:
    """One name, held by one process at a time; the others wait for it."""

    def __init__(self, pool: Pool, name: str, holder: str) -> None:
        self._pool = pool
        self._name = name
        self._holder = holder
        self.epoch: int | None = None

    async def take(self) -> bool:
        """Whether it is ours now."""
        self.epoch = await take_lease(self._pool, self._name, self._holder, timedelta(seconds=LEASE_SECONDS))
        return self.epoch is not None

    async def wait(self) -> None:
        """Returns once it is ours."""
        while not await self.take():
            await asyncio.sleep(RENEW_SECONDS)

    async def keep(self) -> None:
        """Renews for ever. Raises LeaseLostError; whoever acts on the lease must stop then."""
        loop = asyncio.get_running_loop()
        epoch, renewed_at = self.epoch, loop.time()
        while True:
            await asyncio.sleep(RENEW_SECONDS)
            asked_at = loop.time()
            try:
                async with asyncio.timeout(RENEW_SECONDS):
                    await self.take()
            except (psycopg.Error, TimeoutError) as error:
                if loop.time() - renewed_at > LEASE_SECONDS - RENEW_SECONDS:
                    raise LeaseLostError(f"{self._name} could not be renewed: {error!r}") from None
                continue
            if self.epoch != epoch:
                raise LeaseLostError(f"{self._name} is held by another process")
            renewed_at = asked_at

    async def release(self) -> None:
        """At a clean stop, so that a successor need not wait; what cannot be released runs out."""
        with contextlib.suppress(psycopg.Error):
            await release_lease(self._pool, self._name, self._holder)
