"""Leases with a fencing epoch, and the liveness beat."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import psycopg
import structlog
from psycopg_pool import PoolTimeout

from shared.db.pool import Pool, call

LEASE_SECONDS = 6.0
RENEW_SECONDS = 2.0
RELEASE_SECONDS = 1.0
STALE_HOLDER = "TD001"
log = structlog.get_logger()


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


def is_stale_holder(error: psycopg.Error) -> bool:
    """Whether the database refused a write because its lease has passed on."""
    return error.sqlstate == STALE_HOLDER


class Lease:
    """One name, held by one process at a time; the others wait for it.

    Its age counts from before the request that renewed it, on our own clock: it never looks younger than it is.
    """

    def __init__(self, pool: Pool, name: str, holder: str) -> None:
        self.name = name
        self._pool = pool
        self._holder = holder
        self.epoch: int | None = None
        self._renewed_at: float | None = None

    @property
    def age_seconds(self) -> float:
        """Infinite while it is not ours."""
        return float("inf") if self._renewed_at is None else asyncio.get_running_loop().time() - self._renewed_at

    @property
    def is_fresh(self) -> bool:
        """Renewed within half its time: nobody else can hold it at this instant."""
        return self.age_seconds < LEASE_SECONDS / 2

    async def take(self) -> bool:
        """Whether it is ours now."""
        asked_at = asyncio.get_running_loop().time()
        self.epoch = await take_lease(self._pool, self.name, self._holder, timedelta(seconds=LEASE_SECONDS))
        self._renewed_at = asked_at if self.epoch is not None else None
        return self.epoch is not None

    async def wait(self) -> None:
        """Returns once it is ours."""
        while not await self.take():
            await asyncio.sleep(RENEW_SECONDS)

    async def keep(self) -> None:
        """Renews for ever. Raises LeaseLostError; whoever acts on the lease must stop then."""
        epoch = self.epoch
        while True:
            await asyncio.sleep(RENEW_SECONDS)
            try:
                async with asyncio.timeout(RENEW_SECONDS):
                    await self.take()
            except (psycopg.Error, PoolTimeout, TimeoutError) as error:
                if self.age_seconds > LEASE_SECONDS - RENEW_SECONDS:
                    raise LeaseLostError(f"{self.name} could not be renewed: {error!r}") from None
                continue
            if self.epoch != epoch:
                raise LeaseLostError(f"{self.name} is held by another process")

    async def release(self) -> None:
        """For a clean stop: a standby need not wait for the lease to run out. With the database away it runs out."""
        self._renewed_at = None
        try:
            async with asyncio.timeout(RELEASE_SECONDS):
                await release_lease(self._pool, self.name, self._holder)
        except (psycopg.Error, TimeoutError) as error:
            log.warning("lease_not_released", lease=self.name, reason=repr(error))
