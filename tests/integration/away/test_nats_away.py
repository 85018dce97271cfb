"""NATS goes away while an order rests: entries close, cancels and kills work on, and all opens again by itself."""

from __future__ import annotations

import signal
from decimal import Decimal

import pytest
from nats.errors import Error as NatsError

from tests.integration.away.outage import OwnServers, take_away
from tests.integration.executor.conftest import LiveDesk
from tests.integration.executor.test_live_trading import (
    assert_the_referee_agrees,
    best_ask,
    bid,
    open_floor,
    status_at_venue,
    take,
)

pytestmark = [pytest.mark.servers, pytest.mark.usefixtures("logging_as_before")]
LOW = Decimal("0.02")
CAUSES = "select coalesce(array_agg(cause order by cause), '{}') from trading_cause"


async def causes(desk: LiveDesk) -> list[str]:
    return await desk.floor.one(CAUSES)


async def test_entries_close_and_go_and_trading_goes_on_when_it_is_back(own: OwnServers, desk: LiveDesk) -> None:
    await open_floor(desk)
    order = await bid(desk, LOW)
    await desk.floor.until_status(order, "live")

    await take_away(own.nats)

    await desk.floor.until(lambda: causes(desk), ["bus_away"])
    await desk.floor.until(lambda: status_at_venue(desk, order), "CANCELED")
    await desk.floor.until_status(order, "cancelled")
    assert await desk.floor.exposure() == 0

    await own.nats.start()

    await desk.floor.until(lambda: causes(desk), [])
    again = await bid(desk, LOW, attempt=1)
    await desk.floor.until_status(again, "live")


async def test_a_bus_that_hangs_and_keeps_its_connections_is_away_too(own: OwnServers, desk: LiveDesk) -> None:
    await open_floor(desk)
    order = await bid(desk, LOW)
    await desk.floor.until_status(order, "live")
    assert own.nats.child is not None
    own.nats.child.process.send_signal(signal.SIGSTOP)

    await desk.floor.until(lambda: causes(desk), ["bus_away"])
    await desk.floor.until_status(order, "cancelled")

    own.nats.child.process.send_signal(signal.SIGCONT)
    await desk.floor.until(lambda: causes(desk), [])


async def test_a_kill_empties_the_venue_all_the_same(own: OwnServers, desk: LiveDesk) -> None:
    await open_floor(desk)
    order = await bid(desk, LOW)
    await desk.floor.until_status(order, "live")
    await take_away(own.nats)

    await desk.floor.execute("select halt(%s, 'operator', 'test')", desk.floor.account)

    await desk.floor.until_status(order, "cancelled")
    assert await status_at_venue(desk, order) == "CANCELED"
    assert "bus_away" not in await causes(desk)


async def test_a_market_that_is_left_loses_its_entries_by_the_table_and_is_sold_when_the_bus_is_back(
    own: OwnServers, desk: LiveDesk
) -> None:
    await open_floor(desk)
    market, up = desk.market.market, desk.market.outcomes[0]
    taken = await take(desk, min(Decimal("0.99"), await best_ask(desk) + LOW))
    await desk.floor.until_status(taken, "filled")
    await desk.floor.until(lambda: desk.floor.one("select bool_and(status = 'confirmed') from fill"), expected=True)
    resting = await desk.floor.bid(market, up.token, "0.02", outcome=up.name, rung=1)
    await desk.floor.until_status(resting, "live")
    await take_away(own.nats)

    await desk.floor.close_entries(market)

    await desk.floor.until_status(resting, "cancelled")
    await desk.floor.until(desk.floor.entries_closed, 1)
    with pytest.raises(NatsError):
        await desk.floor.sell(market, up.token, "5", outcome=up.name)
    await desk.floor.until(lambda: causes(desk), ["bus_away"])

    await own.nats.start()

    await desk.floor.until(lambda: causes(desk), [])
    sale = await desk.floor.sell(market, up.token, "5", outcome=up.name)
    await desk.floor.until_status(sale, "filled")
    assert await desk.floor.one("select count(*) from orders where side = 'SELL'") == 1
    await assert_the_referee_agrees(desk)
