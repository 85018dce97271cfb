"""The venue's known problems with trades and with what it tells of them: each fill is booked once, none is lost."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from decimal import Decimal
from pathlib import Path

import pytest

from cli.servers import Servers
from shared.domain.ids import OrderId
from tests.integration.executor.conftest import LiveDesk, open_desk
from tests.integration.executor.test_live_trading import assert_the_referee_agrees, open_floor
from tests.venue_sim.faulty import MARKET, SLOT, still_book, switch, switch_off
from tests.venue_sim.process import Address, simulator
from tests.venue_sim.signing import Account

pytestmark = pytest.mark.servers
TOGETHER: tuple[dict[str, dict[str, float]], ...] = (
    {"user_events_duplicated": {}, "user_events_reordered": {}, "event_seconds": {}, "trade_retries": {}},
    {"user_socket_silent": {}, "reads_late": {"delay_ms": 500}},
    {"user_socket_dropped": {}},
    {
        "user_events_lost": {},
        "trades_lag": {"delay_ms": 1_000},
        "bucket_missing": {},
        "maker_side_missing": {},
        "status_prefixed": {},
    },
)
"""With their terms. Where the socket loses what it would tell, REST alone tells."""
OVERTAKING = {"cancel_overtaken": "filled", "cancel_too_late": "filled", "cancel_part_filled": "cancelled"}
CONFIRMED = "select bool_and(status = 'confirmed') from fill where order_id = %s"
BOOKED = "select coalesce(sum(shares), 0) from fill where order_id = %s and status <> 'failed'"
IS_SILENT = "select seen_at < clock_timestamp() - interval '2 seconds' from liveness where service = 'fills'"
MATCHED = "select venue_matched from orders where order_id = %s"
FAILED = "select count(*) from fill where order_id = %s and status = 'failed'"


@pytest.fixture
def venue(tmp_path: Path) -> Iterator[Address]:
    """Its book stands still, so that nobody fills us but whom we ask to."""
    recording = still_book(tmp_path)
    options = ("--protocol-version", "v1", "--balance", "1000", "--taker-hold-ms", "20")
    with simulator("--recording", str(recording), *options) as address:
        yield address


@pytest.fixture
async def live(servers: Servers, postgres_database: str, venue: Address, tmp_path: Path) -> AsyncIterator[LiveDesk]:
    """A recording plays whole slots, so that domain time begins with one."""
    desk = await open_desk(servers, postgres_database, venue, tmp_path, SLOT, 0)
    yield desk
    await desk.floor.close()


@pytest.fixture
def somebody(venue: Address) -> Account:
    return Account(venue, 0x52)


async def filled_bid(live: LiveDesk, somebody: Account, rung: int) -> OrderId:
    """A bid for Up at 0.80 that somebody matches who buys Down at 0.20."""
    order = await bid_at(live, Decimal("0.80"), rung)
    await live.floor.until_status(order, "live")
    somebody.post(MARKET, outcome=1, price="0.20", shares="5")
    return order


async def bid_at(live: LiveDesk, price: Decimal, rung: int) -> OrderId:
    up = live.market.outcomes[0]
    return await live.floor.bid(live.market.market, up.token, str(price), "5", outcome=up.name, rung=rung)


async def confirmed(live: LiveDesk, order: OrderId, shares: Decimal) -> None:
    await live.floor.until(lambda: live.floor.one(BOOKED, order), shares)
    await live.floor.until(lambda: live.floor.one(CONFIRMED, order), expected=True)


@pytest.fixture(autouse=True)
def soon(monkeypatch: pytest.MonkeyPatch) -> None:
    """A sweep every half second, whatever the socket says."""
    monkeypatch.setattr("services.fills.bootstrap.SWEEP_DOMAIN_SECONDS", 0.5)
    monkeypatch.setattr("services.fills.bootstrap.SWEEP_LEAST_SECONDS", 0.5)


async def test_whatever_is_told_of_a_fill_it_is_booked_once(live: LiveDesk, somebody: Account) -> None:
    await open_floor(live)
    for rung, faults in enumerate(TOGETHER):
        for name, terms in faults.items():
            switch(live.venue, name, **terms)
        order = await filled_bid(live, somebody, rung)
        await confirmed(live, order, Decimal(5))
        assert [name for name in faults if not switch_off(live.venue, name)["struck"]] == []

    await assert_the_referee_agrees(live)


async def test_a_trade_that_names_no_maker_is_not_guessed_and_booked_once_it_does(
    live: LiveDesk, somebody: Account
) -> None:
    await open_floor(live)
    switch(live.venue, "makers_missing")

    order = await filled_bid(live, somebody, 0)
    await live.floor.until(lambda: live.floor.one(MATCHED, order), Decimal(5))
    assert await live.floor.one("select count(*) from fill") == 0
    assert await live.floor.exposure() == Decimal("4.00")
    switch_off(live.venue, "makers_missing")

    await confirmed(live, order, Decimal(5))
    await assert_the_referee_agrees(live)


async def test_a_trade_that_fails_on_the_chain_is_taken_back_once(live: LiveDesk, somebody: Account) -> None:
    await open_floor(live)
    switch(live.venue, "trade_fails", times=1)

    order = await filled_bid(live, somebody, 0)
    await live.floor.until(lambda: live.floor.one(FAILED, order), 1)

    await assert_the_referee_agrees(live)
    assert await live.floor.exposure() == 0


async def test_what_was_filled_before_its_cancel_is_booked(live: LiveDesk) -> None:
    await open_floor(live)
    for rung, (name, end) in enumerate(OVERTAKING.items()):
        order = await bid_at(live, Decimal("0.02"), rung)
        await live.floor.until_status(order, "live")
        switch(live.venue, name, times=1)
        await live.floor.cancel(order, live.market.market)
        await live.floor.until_status(order, end)
        await confirmed(live, order, Decimal(5) if end == "filled" else Decimal("2.5"))
        assert switch_off(live.venue, name)["struck"] == 1, name

    await assert_the_referee_agrees(live)


async def test_what_a_cancelled_order_had_bought_is_booked_though_its_record_is_gone_and_its_trades_come_late(
    live: LiveDesk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("services.executor.domain.resolution.VISIBILITY_SECONDS", 1.5)
    await open_floor(live)
    order = await bid_at(live, Decimal("0.02"), 0)
    await live.floor.until_status(order, "live")
    switch(live.venue, "trades_lag", delay_ms=1_000)
    for name in ("cancel_part_filled", "order_forgotten", "user_events_lost"):
        switch(live.venue, name)

    await live.floor.cancel(order, live.market.market)
    await live.floor.until_status(order, "cancelled")

    await confirmed(live, order, Decimal("2.5"))
    assert await live.floor.one("select count(*) from trading_cause") == 0
    await assert_the_referee_agrees(live)


async def test_fills_is_not_alive_while_neither_socket_nor_sweep_shows_it_anything(
    live: LiveDesk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nobody's entries rest while it is silent."""
    monkeypatch.setattr("services.fills.bootstrap.BLIND_SECONDS", 0.5)
    await open_floor(live)

    for name in ("reads_fail", "sockets_refused", "user_socket_dropped"):
        switch(live.venue, name)

    await live.floor.until(lambda: live.floor.one(IS_SILENT), expected=True)
