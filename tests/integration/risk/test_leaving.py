"""A position is left early by the real risk, executor and fills together."""

from __future__ import annotations

from collections.abc import AsyncIterator
from decimal import Decimal

import pytest

from cli.servers import Servers
from services.executor.bootstrap import start as start_executor
from services.fills.bootstrap import start as start_fills
from services.risk.bootstrap import start as start_risk
from shared.runtime.settings import load_settings
from tests.integration.executor.trading_floor import Floor

pytestmark = pytest.mark.servers


@pytest.fixture
async def floor(servers: Servers, postgres_database: str) -> AsyncIterator[Floor]:
    settings = load_settings(
        overrides={
            "postgres_url": postgres_database,
            "nats_url": servers.nats_url,
            "redis_url": servers.redis_url,
            "stoploss_peak": "0.75",
            "stoploss_exit": "0.40",
            "cb_max_losses": "1",
        },
        environ={},
    )
    opened = await Floor.opened(settings, "sim:paper:paper")
    yield opened
    await opened.close()


async def bought(floor: Floor) -> None:
    """Ten shares at 0.80, and a second rung that rests."""
    await floor.start("executor", start_executor)
    await floor.start("fills", start_fills)
    await floor.add_market("m1")
    first = await floor.bid("m1", "1")
    await floor.until_status(first, "live")
    await floor.top("m1", "1", "0.79", "0.81")
    await floor.until_status(first, "filled")
    second = await floor.bid("m1", "1", price="0.30", rung=1)
    await floor.until_status(second, "live")


async def causes(floor: Floor) -> str | None:
    return await floor.one("select string_agg(cause, ' ') from trading_cause")


async def test_a_collapse_closes_the_entries_sells_everything_and_the_breaker_hears_of_it(floor: Floor) -> None:
    await bought(floor)
    await floor.start("risk", start_risk)
    await floor.until(lambda: floor.one("select max_losses from breaker"), 1)

    await floor.top("m1", "1", "0.41", "0.43")
    await floor.top("m1", "1", "0.40", "0.42")

    await floor.until(lambda: floor.one("select shares from positions"), Decimal(0))
    assert await floor.one("select status::text from orders where rung = 1") == "cancelled"
    assert await floor.one("select exited from market_guard")
    assert await floor.one("select profit from settlement") == Decimal("-4.168")
    await floor.until(lambda: causes(floor), "breaker")
    assert await floor.one("select session_profit from breaker") == Decimal("-4.168")


async def test_a_successor_goes_on_where_the_exit_stood_also_while_trading_is_reducing(floor: Floor) -> None:
    await bought(floor)
    await floor.close_entries("m1")
    await floor.until(floor.entries_closed, 1)
    await floor.execute("select pause(%s, 'operator', 'test')", floor.account)

    await floor.start("risk", start_risk)
    await floor.top("m1", "1", "0.40", "0.42")

    await floor.until(lambda: floor.one("select shares from positions"), Decimal(0))
    assert await floor.one("select exit_requests from market_guard") == 1


async def test_an_empty_book_is_marked_and_sold_into_only_once_somebody_bids(floor: Floor) -> None:
    await bought(floor)
    await floor.start("risk", start_risk)

    await floor.top("m1", "1", None, "0.42")
    await floor.until(lambda: floor.one("select awaiting_settlement from market_guard"), expected=True)
    assert not await floor.one("select exited from market_guard")

    await floor.top("m1", "1", "0.20", "0.42")
    await floor.until(lambda: floor.one("select shares from positions"), Decimal(0))
    assert not await floor.one("select awaiting_settlement from market_guard")


async def test_a_kill_holds_the_position(floor: Floor) -> None:
    await bought(floor)
    await floor.start("risk", start_risk)
    await floor.execute("select halt(%s, 'operator', 'test')", floor.account)
    await floor.until(lambda: floor.one("select count(*) from orders where status = 'cancelled'"), 1)

    await floor.top("m1", "1", "0.20", "0.42")
    await floor.until(lambda: floor.one("select highest_bid from positions"), Decimal("0.80"))
    assert await floor.one("select shares from positions") == 10

    await floor.execute("select resume(%s, 'operator', 'test')", floor.account)
    await floor.until(lambda: floor.one("select shares from positions"), Decimal(0))
