"""Leases with a fencing epoch, and the liveness beat."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import timedelta

import psycopg
import structlog

from shared.db.pool import Pool, call

LEASE_TTL = timedelta(seconds=6)
RENEWAL_SECONDS = 2.0
ATTEMPT_SECONDS = 0.5
STALE_HOLDER = "TD001"
log = structlog.get_logger()


class LeaseLostError(RuntimeError):
    """Somebody else holds the lease: nothing may be written in its name any more."""


async def take_lease(pool: Pool, name: str, holder: str, ttl: timedelta) -> int | None:
    """Takes or renews; the epoch, or None while somebody else holds it."""
    epoch = await call(pool, "select take_lease(%s, %s, %s)", (name, holder, ttl))
    return epoch if isinstance(epoch, int) else None


async def release_lease(pool: Pool, name: str, holder: str) -> None:
    await call(pool, "select release_lease(%s, %s)", (name, holder))


async def beat(pool: Pool, account: str, service: str, instance: str) -> None:
    await call(pool, "select beat(%s, %s, %s)", (account, service, instance))


class HeldLease:
    """A lease from the moment it was taken. Its age is measured on our own monotonic clock, from before the request
    that renewed it, so that it never seems younger than the database believes."""

    def __init__(self, pool: Pool, name: str, holder: str, monotonic_seconds: Callable[[], float]) -> None:
        self.name = name
        self.epoch = 0
        self._pool = pool
        self._holder = holder
        self._monotonic_seconds = monotonic_seconds
        self._renewed_at: float | None = None

    @property
    def age_seconds(self) -> float:
        """Infinite before it was taken."""
        return float("inf") if self._renewed_at is None else self._monotonic_seconds() - self._renewed_at

    @property
    def is_fresh(self) -> bool:
        """Renewed within half its time: nobody else can hold it now."""
        return self.age_seconds < LEASE_TTL.total_seconds() / 2

    async def wait(self) -> None:
        """Returns once it is ours; a standby waits here."""
        waiting = False
        while not await self._renew():
            if not waiting:
                log.info("lease_awaited", lease=self.name)
                waiting = True
            await asyncio.sleep(ATTEMPT_SECONDS)
        log.info("lease_taken", lease=self.name, epoch=self.epoch)

    async def keep(self) -> None:
        """Renews for ever. Raises LeaseLostError; an unreachable database only lets it age."""
        while True:
            await asyncio.sleep(RENEWAL_SECONDS)
            try:
                held = await self._renew()
            except psycopg.OperationalError as error:
                log.warning("lease_renewal_failed", lease=self.name, error=repr(error))
                continue
            if not held:
                self._renewed_at = None
                raise LeaseLostError(f"{self.name} is held by somebody else")

    async def release(self) -> None:
        self._renewed_at = None
        await release_lease(self._pool, self.name, self._holder)

    async def _renew(self) -> bool:
        asked_at = self._monotonic_seconds()
        epoch = await take_lease(self._pool, self.name, self._holder, LEASE_TTL)
        if epoch is None:
            return False
        self.epoch, self._renewed_at = epoch, asked_at
        return True


def is_stale_holder(error: psycopg.Error) -> bool:
    """Whether the database refused a write because its lease has passed on."""
    return error.sqlstate == STALE_HOLDER
