"""One process acts for an account, the others wait for it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest

from shared.db.lease import Lease, LeaseLostError
from shared.db.pool import Pool, new_pool
from tests.integration.settlement.account import TradingAccount

pytestmark = pytest.mark.servers


@pytest.fixture
async def pool(postgres_database: str) -> AsyncIterator[Pool]:
    async with new_pool(postgres_database, "settlement") as pool:
        yield pool


async def test_one_holds_it_and_the_other_does_not(pool: Pool) -> None:
    first, second = Lease(pool, "desk", "first"), Lease(pool, "desk", "second")
    assert await first.take()
    assert not await second.take()
    assert (first.epoch, second.epoch) == (1, None)


async def test_a_released_lease_goes_to_the_other_with_a_higher_epoch(pool: Pool) -> None:
    first, second = Lease(pool, "desk", "first"), Lease(pool, "desk", "second")
    await first.take()
    await first.release()
    await second.wait()
    assert second.epoch == 2


async def test_a_lease_that_ran_out_goes_to_the_other_and_its_old_holder_hears_of_it(
    pool: Pool, trading: TradingAccount
) -> None:
    first, second = Lease(pool, "desk", "first"), Lease(pool, "desk", "second")
    await first.take()
    keeping = asyncio.create_task(first.keep())
    trading.call("update lease set expires_at = '-infinity' where name = 'desk'")
    await second.wait()
    with pytest.raises(LeaseLostError, match="desk"):
        await keeping


async def test_what_one_does_not_hold_one_cannot_release(pool: Pool) -> None:
    first, second = Lease(pool, "desk", "first"), Lease(pool, "desk", "second")
    await first.take()
    await second.release()
    assert not await second.take()
