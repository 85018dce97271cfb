"""Leaving a market early: its entries end first, then confirmed shares are sold."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from services.executor.domain.words import Matched, Over, Resting, Uncertain
from shared.domain.ids import AccountId
from shared.domain.money import NO_SHARES, Shares
from shared.domain.order import OrderStatus, TimeInForce
from tests.unit.executor.fakes import MARKET, Engine, close_entries, intent, sale, venue_id

OTHER = AccountId("sim:paper:paper")


@pytest.fixture
def engine() -> Engine:
    return Engine()


async def test_closing_entries_cancels_them_and_says_so(engine: Engine) -> None:
    order = await engine.live(intent())
    engine.table.leave(MARKET.market)

    await engine.cancels.close_entries(close_entries())

    assert engine.table.status(order) is OrderStatus.CANCELLED
    assert engine.table.closed == [MARKET.market]


async def test_entries_are_not_closed_before_the_venues_last_word(engine: Engine) -> None:
    order = await engine.live(intent())
    engine.venue.loses_cancels.add(venue_id(order))
    engine.venue.words[venue_id(order)] = Resting(NO_SHARES)
    engine.table.leave(MARKET.market)
    await engine.cancels.close_entries(close_entries())
    assert engine.table.closed == []
    engine.venue.words[venue_id(order)] = Over("cancelled", NO_SHARES, "CANCELED")

    await engine.keep.round()

    assert engine.table.closed == [MARKET.market]


async def test_a_lost_command_is_made_up_for_by_the_next_round(engine: Engine) -> None:
    order = await engine.live(intent())
    engine.table.leave(MARKET.market)

    await engine.keep.round()

    assert engine.table.status(order) is OrderStatus.CANCELLED
    assert engine.table.closed == [MARKET.market]


async def test_closing_entries_of_another_account_is_not_ours(engine: Engine) -> None:
    order = await engine.live(intent())
    engine.table.leave(MARKET.market)

    await engine.cancels.close_entries(close_entries(OTHER))

    assert engine.table.status(order) is OrderStatus.LIVE


async def test_a_sale_is_recorded_sent_and_never_cancelled_as_an_entry(engine: Engine) -> None:
    wanted = sale()

    await engine.sell(wanted)
    engine.gate.hear("reducing", 1, cancels=True)
    await engine.cancels.cancel_unwanted()

    assert engine.venue.posted == [b"signed td/m1/Up/exit/0"]
    assert engine.table.rows[wanted.order_id].purpose == "exit"
    assert engine.table.rows[wanted.order_id].time_in_force is TimeInForce.FAK
    assert engine.venue.cancelled == []


async def test_a_sale_goes_on_while_trading_is_reducing(engine: Engine) -> None:
    engine.gate.hear("reducing", 1, cancels=True)

    await engine.sell(sale())

    assert engine.venue.posted == [b"signed td/m1/Up/exit/0"]


SPOILT: dict[str, Callable[[Engine], object]] = {
    "HALTED": lambda engine: engine.gate.hear("halted", 1, cancels=True),
    "EXPIRED_INTENT": lambda engine: engine.clock.turn(1.001),
    "LEASE_STALE": lambda engine: engine.lease.age(),
    "NOTHING_TO_SELL": lambda engine: engine.table.refuse("NOTHING_TO_SELL"),
}


@pytest.mark.parametrize("reason", SPOILT)
async def test_a_spoilt_sale_is_refused_with_its_reason(engine: Engine, reason: str) -> None:
    SPOILT[reason](engine)

    await engine.sell(sale())

    assert engine.venue.posted == []
    assert engine.meter.refusals == {reason: 1}


async def test_a_kill_between_the_reservation_and_the_write_stops_the_sale(engine: Engine) -> None:
    engine.venue.before_place = lambda: engine.gate.hear("halted", 1, cancels=True)
    wanted = sale()

    await engine.sell(wanted)

    assert engine.venue.posted == []
    assert engine.table.status(wanted) is OrderStatus.REJECTED


async def test_a_repeated_sale_is_sent_once(engine: Engine) -> None:
    await engine.sell(sale())
    await engine.sell(sale())

    assert len(engine.venue.posted) == 1
    assert engine.meter.refusals == {"ALREADY_RESERVED": 1}


async def test_a_sale_of_another_account_is_not_ours(engine: Engine) -> None:
    await engine.sell(sale(account=OTHER))

    assert engine.table.rows == {}


async def test_an_unanswered_sale_is_asked_about_not_made_again(engine: Engine) -> None:
    engine.venue.answers.append(Uncertain("connection: no answer"))
    wanted = sale()
    engine.venue.words[venue_id(wanted)] = Over("cancelled", Shares.of(4), "CANCELED")

    await engine.sell(wanted)

    assert len(engine.venue.posted) == 1
    assert engine.table.status(wanted) is OrderStatus.CANCELLED
    assert engine.table.rows[wanted.order_id].venue_matched == Shares.of(4)


async def test_the_killed_rest_of_a_sale_ends_it(engine: Engine) -> None:
    wanted = sale()
    await engine.sell(wanted)
    engine.venue.words[venue_id(wanted)] = Over("cancelled", Shares.of(4), "CANCELED")

    await engine.keep.round()

    assert engine.table.status(wanted) is OrderStatus.CANCELLED


async def test_a_sale_matched_whole_waits_for_its_fills(engine: Engine) -> None:
    wanted = sale()
    await engine.sell(wanted)
    engine.venue.words[venue_id(wanted)] = Matched(Shares.of(10))

    await engine.keep.round()

    assert engine.table.status(wanted) is OrderStatus.LIVE
    assert engine.table.rows[wanted.order_id].venue_matched == Shares.of(10)


async def test_a_resting_entry_is_not_asked_about(engine: Engine) -> None:
    order = await engine.live(intent())
    engine.venue.words[venue_id(order)] = Over("cancelled", NO_SHARES, "CANCELED")

    await engine.keep.round()

    assert engine.table.status(order) is OrderStatus.LIVE
