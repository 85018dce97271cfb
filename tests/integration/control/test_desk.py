"""The operator's desk on a real database: what it reads is what the functions wrote, and its acts hold."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from decimal import Decimal

import psycopg
import pytest

from services.control.adapters.postgres import PostgresRecords, PostgresSwitches
from services.control.ports import UnavailableError
from shared.db.pool import Pool, new_pool
from shared.runtime.clock import RealClock
from tests.integration.control import rows

pytestmark = pytest.mark.servers


@pytest.fixture
async def pool(postgres_database: str) -> AsyncIterator[Pool]:
    opened = new_pool(postgres_database, "control")
    await opened.open()
    yield opened
    await opened.close()


@pytest.fixture
def records(pool: Pool) -> PostgresRecords:
    return PostgresRecords(pool, rows.ACCOUNT, "sim")


@pytest.fixture
def switches(pool: Pool) -> PostgresSwitches:
    return PostgresSwitches(pool, rows.ACCOUNT, RealClock())


@pytest.fixture
def market(postgres_database: str) -> str:
    rows.open_account(postgres_database)
    return rows.list_market(postgres_database, "btc", rows.NOW - timedelta(minutes=6))


async def test_an_account_nobody_opened_is_none_and_cannot_be_killed(
    records: PostgresRecords, switches: PostgresSwitches
) -> None:
    assert await records.account() is None
    with pytest.raises(UnavailableError, match="is not open yet"):
        await switches.halt("desk", "drill")


async def test_an_empty_account_shows_zeroes(postgres_database: str, records: PostgresRecords) -> None:
    rows.open_account(postgres_database)
    account = await records.account()
    assert account is not None
    assert (account.trading_state, account.causes, account.exposure.limit) == ("active", (), Decimal(50))
    profit = await records.profit(rows.NOW)
    assert (profit.realised, profit.wins, profit.fills, profit.settlements) == (0, 0, 0, ())
    assert await records.markets(rows.NOW) == []


async def test_a_market_is_shown_with_tokens_strike_and_latest_decision(
    postgres_database: str, market: str, records: PostgresRecords
) -> None:
    with psycopg.connect(postgres_database, autocommit=True) as connection:
        for minute, reason in ((1, "NO_BID"), (2, "BID_OUT_OF_RANGE")):
            connection.execute(
                "insert into decision (account_id, market_id, outcome, verdict, reason, first_at, last_at)"
                " values (%s, %s, 'Up', 'refused', %s, %s, %s)",
                (rows.ACCOUNT, market, reason, rows.NOW, rows.NOW + timedelta(minutes=minute)),
            )
    (shown,) = await records.markets(rows.NOW)
    assert [(top.outcome, top.token[:4]) for top in shown.tops] == [("Up", "btc-"), ("Down", "btc-")]
    assert (shown.strike, shown.decisions) == (Decimal(80000), {"Up": "refused: BID_OUT_OF_RANGE"})


async def test_an_order_a_fill_and_a_settlement_are_shown_to_the_cent(
    postgres_database: str, market: str, records: PostgresRecords
) -> None:
    rows.place_order(postgres_database, market, "one")
    (order,) = await records.orders(working_only=True, limit=10)
    assert (order.status, order.price, order.reserved) == ("live", Decimal("0.80"), Decimal("10.000"))

    rows.fill_order(postgres_database, "one", "12.5")
    (position,) = await records.positions(held_only=True, limit=10)
    assert (position.shares, position.cost, position.average_price) == (Decimal("12.5"), Decimal(10), Decimal("0.80"))
    assert (position.settled, position.profit) == (False, None)

    rows.settle_market(postgres_database, market, "Up")
    assert await records.positions(held_only=True, limit=10) == []
    (position,) = await records.positions(held_only=False, limit=10)
    assert (position.settled, position.profit) == (True, Decimal("2.5"))
    profit = await records.profit(rows.NOW)
    assert (profit.realised, profit.today, profit.wins, profit.losses, profit.fills) == (
        Decimal("2.5"),
        Decimal("2.5"),
        1,
        0,
        1,
    )
    assert [each.kind for each in profit.settlements] == ["venue"]
    assert (await records.profit(rows.NOW + timedelta(days=1))).today == 0


async def test_kill_pause_and_resume_hold_and_are_recorded_with_their_actor(
    postgres_database: str, market: str, records: PostgresRecords, switches: PostgresSwitches
) -> None:
    assert await switches.pause("desk", "lunch") == "reducing"
    assert await switches.halt("desk", "drill") == "halted"
    account = await records.account()
    assert account is not None
    assert [(cause.cause, cause.detail, cause.set_by) for cause in account.causes] == [
        ("pause", "lunch", "desk"),
        ("kill", "drill", "desk"),
    ]
    assert await switches.resume("desk", "over") == "active"
    with psycopg.connect(postgres_database) as connection:
        acts = connection.execute("select actor, act, detail from operator_action order by action_id").fetchall()
    assert acts == [("desk", "pause", "lunch"), ("desk", "kill", "drill"), ("desk", "resume", "over")]


async def test_waiting_ends_with_the_last_orders_final_word(
    postgres_database: str, market: str, switches: PostgresSwitches
) -> None:
    rows.place_order(postgres_database, market, "one")
    (open_order,) = await switches.open_orders()
    waiting = asyncio.create_task(switches.wait_until_closed(frozenset({open_order.order_id}), 30))
    await asyncio.to_thread(rows.end_order, postgres_database, "one", "cancelled")
    states = await waiting
    assert [(order.order_id, order.status) for order in states.values()] == [("one", "cancelled")]


async def test_waiting_ends_with_the_time_too(postgres_database: str, market: str, switches: PostgresSwitches) -> None:
    rows.place_order(postgres_database, market, "one")
    states = await switches.wait_until_closed(frozenset({"one"}), 0)
    assert not states["one"].is_final


async def test_control_may_not_write_what_is_not_its_to_write(pool: Pool, market: str) -> None:
    async with pool.connection() as connection:
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            await connection.execute("update account set max_exposure = 1000000")
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            await connection.execute("delete from operator_action")


async def test_a_tripped_breaker_is_shown_and_an_operators_reset_is_recorded(
    postgres_database: str, market: str, records: PostgresRecords, switches: PostgresSwitches
) -> None:
    with psycopg.connect(postgres_database, autocommit=True) as connection:
        connection.execute("select set_breaker_limits(%s, 1, -50, -200, %s, 'risk')", (rows.ACCOUNT, rows.NOW))
        connection.execute("select breaker_hear(%s, %s, -3, %s, 'test')", (rows.ACCOUNT, market, rows.NOW))
        shown = await records.breaker(rows.NOW)
        assert shown is not None
        assert (shown.tripped, shown.losses_in_a_row, shown.session_profit) == (True, 1, Decimal(-3))
        assert await switches.reset_breaker("desk", force=False) == "active"
        acts = connection.execute("select actor, act from operator_action").fetchall()
    assert acts == [("desk", "breaker_reset")]
