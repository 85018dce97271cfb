"""Our tables beside the simulator's: what only the venue knows is rebuilt, what nothing explains is a case that closes
entries until it is gone."""

from __future__ import annotations

from decimal import Decimal

import pytest

from services.executor.bootstrap import start as start_executor
from services.fills.bootstrap import start as start_fills
from shared.domain.ids import OrderId
from shared.runtime.service import ServiceContext
from tests.integration.executor.conftest import LiveDesk
from tests.integration.executor.test_live_trading import (
    assert_the_referee_agrees,
    best_bid,
    bid,
    referee,
    status_at_venue,
)
from tests.integration.executor.trading_floor import Floor
from tests.integration.fills.backup import back_up, restore
from tests.venue_sim.faulty import switched_on

pytestmark = pytest.mark.servers
UNEXPLAINED = "select count(*) from trading_cause where cause = 'unexplained'"
OPEN_CASES = "select coalesce(array_agg(kind order by kind), '{}') from unexplained_case where closed_at is null"
ADOPTED = "select count(*) from orders where strategy_tag = 'adopted'"
ADOPTED_AND_OVER = "select count(*) from orders where strategy_tag = 'adopted' and status in ('cancelled', 'filled')"
TOLD = "select count(*) from operator_action where act = 'alert' and detail like %s"
CONFIRMED = "select bool_and(status = 'confirmed') and sum(shares) = 10 from fill"


@pytest.fixture(autouse=True)
def soon(monkeypatch: pytest.MonkeyPatch) -> None:
    """A look every fifth of a second, a grace of one."""
    monkeypatch.setattr("services.fills.bootstrap.VENUE_PROOF_SECONDS", 0.2)
    monkeypatch.setattr("services.fills.bootstrap.LEDGER_PROOF_SECONDS", 0.2)
    monkeypatch.setattr("services.fills.domain.grace.GRACE_SECONDS", 1.0)


@pytest.fixture
async def desk(live: LiveDesk) -> LiveDesk:
    """Executor and fills run and entries are open."""
    await start(live)
    return live


async def start(live: LiveDesk) -> ServiceContext:
    await live.floor.start("executor", start_executor)
    context = await live.floor.start("fills", start_fills)
    await live.floor.until(lambda: live.floor.one("select count(*) from liveness where service = 'fills'"), 1)
    await live.floor.until(lambda: live.floor.one("select trading_state::text from account"), "active")
    return context


async def bought(live: LiveDesk) -> OrderId:
    """Ten shares, confirmed."""
    order = await bid(live, await best_bid(live))
    await live.floor.until_status(order, "filled")
    await live.floor.until(lambda: live.floor.one(CONFIRMED), expected=True)
    return order


async def told(live: LiveDesk, words: str) -> int:
    return await live.floor.one(TOLD, f"%{words}%")


def measured(context: ServiceContext, name: str, **labels: str) -> float:
    value = context.metrics.registry.get_sample_value(f"tdmaker_{name}", labels)
    assert value is not None
    return value


async def looked_again(live: LiveDesk, context: ServiceContext, times: int, complete: str = "yes") -> None:
    """So many complete looks (or others) from now on."""
    before = measured(context, "proof_looks_total", complete=complete)

    async def has_looked() -> bool:
        return measured(context, "proof_looks_total", complete=complete) >= before + times

    await live.floor.until(has_looked, expected=True)


async def test_trading_that_is_true_opens_no_case(live: LiveDesk) -> None:
    context = await start(live)

    await bought(live)
    resting = await live.floor.bid(
        live.market.market, live.market.outcomes[0].token, "0.02", "10", outcome="Up", rung=1
    )
    await live.floor.until_status(resting, "live")
    await live.floor.cancel(resting, live.market.market)
    await live.floor.until_status(resting, "cancelled")

    await looked_again(live, context, times=5)
    for kind in ("order", "fill", "balance", "dollars", "surplus", "ledger"):
        assert measured(context, "unexplained", kind=kind) == 0
    assert await live.floor.one("select count(*) from unexplained_case") == 0
    await assert_the_referee_agrees(live)


async def test_a_trade_list_that_leaves_out_whose_orders_it_was_proves_nothing(live: LiveDesk) -> None:
    context = await start(live)
    await bought(live)

    with switched_on(live.venue, "makers_missing"):
        await looked_again(live, context, times=8, complete="no")
    await looked_again(live, context, times=3)

    assert await live.floor.one("select count(*) from unexplained_case") == 0


async def test_a_fill_that_the_tables_forgot_is_booked_again_and_once(live: LiveDesk) -> None:
    floor = live.floor
    await floor.start("executor", start_executor)
    await floor.execute("select beat(%s, 'fills', 'test')", floor.account)
    order = await bid(live, await best_bid(live))
    await floor.until_status(order, "live")
    await back_up(floor)
    await floor.start("fills", start_fills)
    await floor.until(lambda: floor.one(CONFIRMED), expected=True)
    before = await floor.one("select cost from positions")

    await restore(floor)

    await floor.until(lambda: floor.one(CONFIRMED), expected=True)
    await floor.until_status(order, "filled")
    assert await floor.one("select cost from positions") == before
    assert await floor.one(ADOPTED) == 0
    await assert_the_referee_agrees(live)


async def test_an_order_that_the_tables_forgot_is_adopted_and_cancelled(desk: LiveDesk) -> None:
    await back_up(desk.floor)
    order = await bid(desk, Decimal("0.02"))
    await desk.floor.until_status(order, "live")
    venue_order = await desk.floor.one("select venue_order_id from orders")

    await restore(desk.floor)

    await desk.floor.until_status(OrderId(f"adopted/{venue_order}"), "cancelled")
    assert [each["status"] for each in (await referee(desk))["orders"]] == ["CANCELED"]
    assert await desk.floor.exposure() == 0
    assert await told(desk, venue_order) == 1
    await desk.floor.until(lambda: desk.floor.one(OPEN_CASES), [])


async def test_a_restored_backup_is_rebuilt_to_the_same_position_and_told(desk: LiveDesk) -> None:
    await back_up(desk.floor)
    await bought(desk)
    before = await desk.floor.one(
        "select row(market_id, token_id, shares, confirmed_shares, cost)::text from positions"
    )
    for service in ("fills", "executor"):
        await desk.floor.stop(service)
    await restore(desk.floor)
    assert await desk.floor.one("select count(*) from market_guard") == 0

    await start(desk)

    await desk.floor.until(
        lambda: desk.floor.one("select row(market_id, token_id, shares, confirmed_shares, cost)::text from positions"),
        before,
    )
    assert await desk.floor.one(ADOPTED) == 1
    assert await told(desk, "it was adopted") == 1
    assert await desk.floor.one("select held_token from market_guard") == desk.market.outcomes[0].token
    await assert_the_referee_agrees(desk)


async def test_a_lost_order_that_the_executors_start_cancels_keeps_what_it_had_bought(desk: LiveDesk) -> None:
    floor = desk.floor
    await back_up(floor)
    await bid(desk, await best_bid(desk), shares="100")
    await floor.until(lambda: floor.one("select count(*) > 0 from fill where status = 'confirmed'"), expected=True)
    for service in ("fills", "executor"):
        await floor.stop(service)
    await restore(floor)

    await start(desk)

    await floor.until(lambda: floor.one(ADOPTED_AND_OVER), 1)
    await floor.until(lambda: floor.one("select bool_and(status = 'confirmed') from fill"), expected=True)
    await assert_the_referee_agrees(desk)
    assert await floor.exposure() == await floor.one("select cost from positions")
    assert not [each for each in (await referee(desk))["orders"] if each["status"] == "LIVE"]


async def test_a_position_that_the_venue_does_not_have_is_a_case_until_it_is_right_again(desk: LiveDesk) -> None:
    await bought(desk)
    resting = await desk.floor.bid(
        desk.market.market, desk.market.outcomes[0].token, "0.02", "10", outcome="Up", rung=1
    )
    await desk.floor.until_status(resting, "live")

    await desk.floor.execute("update positions set shares = shares + 1")

    await desk.floor.until(lambda: desk.floor.one(OPEN_CASES), ["balance", "ledger"])
    assert await desk.floor.one("select trading_state::text from account") == "reducing"
    await desk.floor.until(lambda: status_at_venue(desk, resting), "CANCELED")
    assert await desk.floor.one(
        "select ours::text || ' ' || theirs::text from unexplained_case where kind = 'balance'"
    ) == ("11000000 10000000")
    assert await told(desk, "unexplained") == 2

    await desk.floor.execute("update positions set shares = shares - 1")

    await desk.floor.until(lambda: desk.floor.one(OPEN_CASES), [])
    await desk.floor.until(lambda: desk.floor.one(UNEXPLAINED), 0)
    assert await desk.floor.one("select trading_state::text from account") == "active"


async def test_on_paper_a_ledger_that_differs_with_itself_is_a_case_until_it_is_right_again(paper_floor: Floor) -> None:
    await paper_floor.start("executor", start_executor)
    await paper_floor.start("fills", start_fills)
    await paper_floor.until(lambda: paper_floor.one("select trading_state::text from account"), "active")

    await paper_floor.execute("update account set reserved = reserved + 0.000001")

    await paper_floor.until(
        lambda: paper_floor.one("select array_agg(subject order by subject) from unexplained_case"),
        ["reserved and ledger", "reserved and orders"],
    )
    assert await paper_floor.one("select trading_state::text from account") == "reducing"

    await paper_floor.execute("update account set reserved = reserved - 0.000001")

    await paper_floor.until(lambda: paper_floor.one(OPEN_CASES), [])
    await paper_floor.until(lambda: paper_floor.one("select trading_state::text from account"), "active")
