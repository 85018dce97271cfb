"""What fills did not hear while it was away is booked from the venue's record, once."""

from __future__ import annotations

from decimal import Decimal

import pytest

from services.executor.bootstrap import start as start_executor
from services.fills.bootstrap import start as start_fills
from tests.integration.executor.conftest import LiveDesk
from tests.integration.executor.test_live_trading import best_bid, bid, referee

pytestmark = pytest.mark.servers


async def test_a_fill_that_happened_while_nobody_listened_is_booked_at_the_start(live: LiveDesk) -> None:
    await live.floor.start("executor", start_executor)
    await live.floor.execute("select beat(%s, 'fills', 'test')", live.floor.account)
    order = await bid(live, await best_bid(live))
    await live.floor.until_status(order, "live")

    async def matched_at_venue() -> bool:
        return bool((await referee(live))["trades"])

    await live.floor.until(matched_at_venue, expected=True)
    assert await live.floor.one("select count(*) from fill") == 0

    await live.floor.start("fills", start_fills)

    await live.floor.until_status(order, "filled")
    await live.floor.until(lambda: live.floor.one("select confirmed_shares from positions"), Decimal(10))
    assert await live.floor.one("select bool_or(source = 'rest') from fill")
    assert await live.floor.one("select sum(shares) from fill where status <> 'failed'") == Decimal(10)
