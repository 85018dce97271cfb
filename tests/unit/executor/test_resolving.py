"""Absent with proof, orders of ended markets, recovery and orphans."""

from __future__ import annotations

from datetime import timedelta
from itertools import pairwise

import pytest

from services.executor.domain.words import ForeignOrder, Over, Resting, Uncertain, Unclear, Unknown
from shared.domain.ids import MarketId, VenueOrderId
from shared.domain.money import NO_SHARES, Shares
from shared.domain.order import OrderStatus
from shared.messages.bidder import PlaceEntry
from tests.unit.executor.fakes import END, Engine, intent, venue_id

TIMED_OUT = Uncertain("connection: no answer")
ABSENCE_SECONDS = 15 + 0.25 + 5
FOREIGN = ForeignOrder(VenueOrderId("0xforeign"), MarketId("m1"), "BUY 5 at 0.5")


@pytest.fixture
def engine() -> Engine:
    return Engine()


async def uncertain(engine: Engine) -> PlaceEntry:
    order = intent(valid_seconds=1.0)
    engine.venue.answers.extend([TIMED_OUT] * 9)
    await engine.place(order)
    assert engine.table.status(order) is OrderStatus.UNCERTAIN
    return order


async def test_an_order_unknown_to_the_venue_is_absent_only_after_the_last_instant_it_could_have_come(
    engine: Engine,
) -> None:
    order = await uncertain(engine)

    engine.clock.instant = order.valid_until + timedelta(seconds=ABSENCE_SECONDS - 0.001)
    await engine.keep.round()
    assert engine.table.status(order) is OrderStatus.UNCERTAIN

    engine.clock.turn(10)
    await engine.keep.round()
    assert engine.table.status(order) is OrderStatus.REJECTED
    assert engine.table.events[-1] == (order.order_id, "absent", "ABSENT")


async def test_a_trade_of_it_proves_that_an_unknown_order_exists(engine: Engine) -> None:
    order = await uncertain(engine)
    engine.venue.words[venue_id(order)] = Unknown(Shares.of(2))
    engine.clock.turn(60)

    await engine.keep.round()

    assert engine.table.status(order) is OrderStatus.LIVE


async def test_a_venue_that_cannot_be_asked_proves_nothing(engine: Engine) -> None:
    order = await uncertain(engine)
    engine.venue.words[venue_id(order)] = Unclear("no answer")
    engine.clock.turn(3600)

    await engine.keep.round()

    assert engine.table.status(order) is OrderStatus.UNCERTAIN


async def test_an_order_in_flight_is_not_asked_about(engine: Engine) -> None:
    order = intent()
    await engine.placing.place(order)
    engine.venue.words[venue_id(order)] = Over("cancelled", NO_SHARES, "CANCELED")

    await engine.keep.round()

    assert engine.table.status(order) is OrderStatus.SUBMITTING
    await engine.spawned.popleft()


async def test_the_pause_between_two_questions_about_an_order_grows(engine: Engine) -> None:
    order = await uncertain(engine)
    asked: list[float] = []
    engine.venue.before_look = lambda: asked.append(engine.clock.monotonic_seconds())

    for _ in range(40):
        engine.clock.turn(0.25)
        await engine.keep.round()

    pauses = [round(after - before, 2) for before, after in pairwise(asked)]
    assert pauses == [0.5, 1.0, 2.0, 4.0]
    assert engine.table.status(order) is OrderStatus.UNCERTAIN


async def test_an_order_of_an_ended_market_is_asked_about_until_the_venue_has_closed_it(engine: Engine) -> None:
    order = await engine.live(intent())
    engine.venue.words[venue_id(order)] = Resting(NO_SHARES)
    engine.clock.instant = END

    await engine.keep.round()
    assert engine.venue.cancelled == [venue_id(order)]
    assert engine.table.status(order) is OrderStatus.CANCELLING

    engine.venue.words[venue_id(order)] = Over("cancelled", NO_SHARES, "CANCELED_MARKET_RESOLVED")
    engine.clock.turn(1)
    await engine.keep.round()
    assert engine.table.status(order) is OrderStatus.CANCELLED


async def test_a_resting_order_of_a_running_market_is_left_alone(engine: Engine) -> None:
    order = await engine.live(intent())

    await engine.keep.round()

    assert engine.venue.cancelled == []
    assert engine.table.told(order) == ["accepted"]


async def test_orders_that_are_not_final_are_counted_by_status(engine: Engine) -> None:
    await uncertain(engine)

    await engine.keep.round()

    assert engine.meter.statuses == {OrderStatus.UNCERTAIN: 1}


async def test_recovery_is_halted_while_it_lasts_and_never_posts(engine: Engine) -> None:
    order = intent()
    await engine.placing.place(order)
    engine.spawned.popleft().close()
    engine.venue.words[venue_id(order)] = Resting(NO_SHARES)
    states: list[str] = []
    engine.venue.before_look = lambda: states.append(engine.gate.state)

    await engine.recovery.run()

    assert states == ["halted"]
    assert engine.gate.state == "active"
    assert engine.table.status(order) is OrderStatus.LIVE
    assert engine.venue.posted == []


async def test_recovery_asks_until_the_venue_answers(engine: Engine) -> None:
    order = intent()
    await engine.placing.place(order)
    engine.spawned.popleft().close()
    engine.venue.words[venue_id(order)] = Unclear("no answer")
    started = engine.clock.instant
    engine.venue.before_look = lambda: (
        engine.venue.words.update({venue_id(order): Resting(NO_SHARES)})
        if engine.clock.instant >= started + timedelta(seconds=2)
        else None
    )

    await engine.recovery.run()

    assert engine.table.status(order) is OrderStatus.LIVE


async def test_what_the_venue_does_not_know_yet_stays_reserved_after_recovery(engine: Engine) -> None:
    order = intent()
    await engine.placing.place(order)
    engine.spawned.popleft().close()

    await engine.recovery.run()

    assert engine.table.status(order) is OrderStatus.UNCERTAIN
    assert engine.gate.state == "active"


async def test_a_live_order_the_venue_lost_is_cancelled_on_both_sides(engine: Engine) -> None:
    order = await engine.live(intent())

    await engine.recovery.run()

    assert engine.table.status(order) is OrderStatus.CANCELLED


async def test_orders_nobody_recorded_are_cancelled(engine: Engine) -> None:
    engine.venue.foreign.append(FOREIGN)
    engine.venue.silent_times = 2

    await engine.recovery.run()

    assert engine.venue.cancelled == [FOREIGN.venue_order_id]
    assert engine.guard.causes == {}


async def test_orders_nobody_recorded_are_left_when_they_are_to_be_adopted() -> None:
    engine = Engine(orphans="adopt")
    engine.venue.foreign.append(FOREIGN)

    await engine.recovery.run()

    assert engine.venue.cancelled == []
    assert engine.guard.causes == {}


async def test_a_first_live_start_cancels_nothing_it_does_not_know_and_opens_no_entry() -> None:
    engine = Engine(asks_first=True)
    engine.venue.foreign.append(FOREIGN)

    await engine.recovery.run()

    assert engine.venue.cancelled == []
    assert engine.guard.causes == {"foreign_orders": "reducing"}


async def test_a_later_live_start_cancels_orphans() -> None:
    engine = Engine(asks_first=True)
    await engine.live(intent())
    engine.venue.foreign.append(FOREIGN)

    await engine.recovery.run()

    assert FOREIGN.venue_order_id in engine.venue.cancelled


async def test_an_order_thought_refused_that_is_open_at_the_venue_is_ours_again(engine: Engine) -> None:
    order = await uncertain(engine)
    engine.clock.turn(3600)
    await engine.keep.round()
    assert engine.table.status(order) is OrderStatus.REJECTED
    engine.venue.foreign.append(ForeignOrder(venue_id(order), MarketId("m1"), ""))

    await engine.recovery.run()

    assert engine.table.status(order) is OrderStatus.CANCELLING


async def test_an_order_cancelled_by_the_venues_word_that_still_rests_is_cancelled_again(engine: Engine) -> None:
    order = await engine.live(intent())
    await engine.cancels.cancel_entries("STOPPING")
    engine.venue.foreign.append(ForeignOrder(venue_id(order), MarketId("m1"), ""))

    await engine.recovery.run()

    assert engine.venue.cancelled == [venue_id(order)] * 2
