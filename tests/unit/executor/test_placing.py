"""From an intent to the venue's answer."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest

from services.executor.domain.budget import ORDERS_A_SECOND
from services.executor.domain.words import (
    Accepted,
    Duplicated,
    Matched,
    NotSent,
    Rejected,
    Resting,
    Uncertain,
    Unclear,
)
from services.executor.handlers.place import RESEND_PAUSE_SECONDS
from services.executor.ports import Stage, TableUnavailableError
from shared.domain.ids import AccountId
from shared.domain.money import NO_SHARES, Shares
from shared.domain.order import OrderStatus
from tests.unit.executor.fakes import Engine, cancel_of, intent, venue_id

TIMED_OUT = Uncertain("connection: no answer within 15 s")


@pytest.fixture
def engine() -> Engine:
    return Engine()


async def test_an_accepted_order_is_live_and_announced(engine: Engine) -> None:
    order = intent()

    await engine.place(order)

    assert engine.table.status(order) is OrderStatus.LIVE
    assert engine.venue.posted == [b"signed td/m1/Up/0/0"]
    assert engine.kicks == 2
    assert [stage for stage, _ in engine.meter.spans] == list(Stage)


async def test_the_order_is_recorded_before_the_venue_hears_of_it(engine: Engine) -> None:
    order = intent()
    statuses: list[OrderStatus] = []
    engine.venue.before_place = lambda: statuses.append(engine.table.status(order))

    await engine.place(order)

    assert statuses == [OrderStatus.SUBMITTING]


async def test_a_rejected_order_is_final_with_the_venues_reason(engine: Engine) -> None:
    engine.venue.answers.append(Rejected("post_only_would_cross: crosses book"))
    order = intent()

    await engine.place(order)

    assert engine.table.events == [(order.order_id, "rejected", "post_only_would_cross: crosses book")]


async def test_an_intent_of_another_account_is_not_ours(engine: Engine) -> None:
    await engine.place(intent(account=AccountId("sim:paper:paper")))

    assert engine.table.rows == {}
    assert not engine.meter.refusals


SPOILT: dict[str, Callable[[Engine], object]] = {
    "EXPIRED_INTENT": lambda engine: engine.clock.turn(2.001),
    "HALTED": lambda engine: engine.gate.hear("reducing", 1, cancels=True),
    "LEASE_STALE": lambda engine: engine.lease.age(),
    "UNKNOWN_MARKET": lambda engine: engine.markets.listed.clear(),
    "UNSIGNABLE": lambda engine: engine.signer.object("off the tick"),
    "NO_HEADROOM": lambda engine: engine.table.refuse("NO_HEADROOM"),
}


@pytest.mark.parametrize("reason", SPOILT)
async def test_a_refused_intent_is_counted_by_its_reason_and_never_sent(engine: Engine, reason: str) -> None:
    SPOILT[reason](engine)

    await engine.place(intent())

    assert engine.meter.refusals == {reason: 1}
    assert engine.venue.posted == []


async def test_an_intent_delivered_twice_is_sent_once(engine: Engine) -> None:
    await engine.place(intent())
    await engine.place(intent())

    assert len(engine.venue.posted) == 1
    assert engine.meter.refusals == {"ALREADY_RESERVED": 1}


async def test_a_halt_between_the_reservation_and_the_write_stops_the_order(engine: Engine) -> None:
    engine.venue.before_place = lambda: engine.gate.hear("halted", 1, cancels=True)
    order = intent()

    await engine.place(order)

    assert engine.venue.posted == []
    assert engine.table.events == [(order.order_id, "rejected", "NOT_SENT: HALTED")]


async def test_a_lease_that_grew_old_before_the_write_stops_the_order(engine: Engine) -> None:
    engine.venue.before_place = engine.lease.age
    order = intent()

    await engine.place(order)

    assert engine.venue.posted == []
    assert engine.table.status(order) is OrderStatus.REJECTED


async def test_an_order_that_never_left_is_over(engine: Engine) -> None:
    engine.venue.answers.append(NotSent("cannot connect"))
    order = intent()

    await engine.place(order)

    assert engine.table.status(order) is OrderStatus.REJECTED


async def test_after_a_time_out_the_order_is_asked_for_by_its_id_and_found(engine: Engine) -> None:
    engine.venue.answers.append(TIMED_OUT)
    order = intent()
    engine.venue.words[venue_id(order)] = Resting(NO_SHARES)

    await engine.place(order)

    assert engine.table.status(order) is OrderStatus.LIVE
    assert engine.table.told(order) == ["uncertain", "accepted"]
    assert len(engine.venue.posted) == 1


async def test_after_a_time_out_an_order_that_filled_is_known_to_exist(engine: Engine) -> None:
    engine.venue.answers.append(TIMED_OUT)
    order = intent()
    engine.venue.words[venue_id(order)] = Matched(Shares.of(10))

    await engine.place(order)

    assert engine.table.rows[order.order_id].venue_matched == Shares.of(10)
    assert engine.table.status(order) is OrderStatus.LIVE


async def test_an_unknown_outcome_is_resolved_by_the_same_bytes_again(engine: Engine) -> None:
    engine.venue.answers.extend([TIMED_OUT, Accepted()])
    order = intent()

    await engine.place(order)

    assert engine.venue.posted == [b"signed td/m1/Up/0/0"] * 2
    assert engine.table.status(order) is OrderStatus.LIVE


async def test_bytes_sent_again_count_against_the_venues_budget(engine: Engine) -> None:
    engine.budget.spend(engine.clock.monotonic_seconds(), 30)
    engine.venue.answers.append(TIMED_OUT)

    await engine.place(intent())

    assert engine.budget.left == 30 - 1 + RESEND_PAUSE_SECONDS * ORDERS_A_SECOND - 1


async def test_duplicated_means_seen_so_it_is_looked_up(engine: Engine) -> None:
    engine.venue.answers.extend([TIMED_OUT, Duplicated()])
    order = intent()
    engine.venue.words[venue_id(order)] = Unclear("no answer")
    engine.venue.before_place = lambda: (
        engine.venue.words.update({venue_id(order): Resting(NO_SHARES)}) if engine.venue.posted else None
    )

    await engine.place(order)

    assert len(engine.venue.posted) == 2
    assert engine.table.status(order) is OrderStatus.LIVE


async def test_the_same_bytes_are_not_sent_again_once_the_intent_has_expired(engine: Engine) -> None:
    engine.venue.answers.extend([TIMED_OUT] * 50)
    order = intent(valid_seconds=1.0)

    await engine.place(order)

    assert len(engine.venue.posted) == 5
    assert engine.table.status(order) is OrderStatus.UNCERTAIN
    assert engine.placing.in_flight == set()


async def test_the_same_bytes_are_not_sent_again_once_trading_is_halted(engine: Engine) -> None:
    engine.venue.answers.append(TIMED_OUT)
    engine.venue.before_look = lambda: engine.gate.hear("halted", 1, cancels=False)
    order = intent()

    await engine.place(order)

    assert len(engine.venue.posted) == 1
    assert engine.table.status(order) is OrderStatus.UNCERTAIN


async def test_bytes_that_may_have_been_written_once_are_not_proven_absent_by_a_try_that_was_not(
    engine: Engine,
) -> None:
    engine.venue.answers.extend([TIMED_OUT, NotSent("cannot connect")])
    order = intent(valid_seconds=0.3)

    await engine.place(order)

    assert engine.table.status(order) is OrderStatus.UNCERTAIN


async def test_a_refusal_of_the_bytes_sent_again_proves_nothing_of_those_sent_first(engine: Engine) -> None:
    engine.venue.answers.extend([TIMED_OUT, Rejected("not_enough_balance")])
    order = intent()

    await engine.place(order)

    assert (engine.table.status(order), len(engine.venue.posted)) == (OrderStatus.UNCERTAIN, 2)


async def test_an_order_that_rests_though_its_second_copy_was_refused_is_found(engine: Engine) -> None:
    engine.venue.answers.extend([TIMED_OUT, Rejected("not_enough_balance")])
    order = intent()
    engine.venue.before_answer = lambda: (
        engine.venue.words.update({venue_id(order): Resting(NO_SHARES)}) if len(engine.venue.posted) == 2 else None
    )

    await engine.place(order)

    assert engine.table.status(order) is OrderStatus.LIVE


async def test_the_venues_wish_for_a_pause_is_followed(engine: Engine) -> None:
    engine.venue.answers.extend([Uncertain("restarting", retry_after_seconds=1.0), Accepted()])
    order = intent()

    await engine.place(order)

    assert engine.clock.instant == order.decided_at + timedelta(seconds=1)
    assert engine.table.status(order) is OrderStatus.LIVE


async def test_a_cancel_that_came_while_the_answer_was_awaited_is_sent_after_it(engine: Engine) -> None:
    order = intent()
    await engine.placing.place(order)
    engine.venue.loses_cancels.add(venue_id(order))
    await engine.cancels.cancel_entry(cancel_of(order))
    assert engine.table.status(order) is OrderStatus.CANCELLING
    engine.venue.loses_cancels.clear()

    await engine.spawned.popleft()

    assert engine.venue.cancelled == [venue_id(order)] * 2
    assert engine.table.status(order) is OrderStatus.CANCELLED


async def test_an_answer_that_cannot_be_recorded_leaves_the_order_to_be_resolved(engine: Engine) -> None:
    order = intent()
    await engine.placing.place(order)
    engine.table.away = True

    await engine.spawned.popleft()
    engine.table.away = False

    assert engine.table.status(order) is OrderStatus.SUBMITTING
    assert engine.placing.in_flight == set()


async def test_a_database_that_is_away_leaves_the_intent_to_its_redelivery(engine: Engine) -> None:
    engine.table.away = True

    with pytest.raises(TableUnavailableError):
        await engine.place(intent())

    assert engine.venue.posted == []
