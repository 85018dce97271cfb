"""While the venue restarts, takes no orders or asks for a pause, one order tries for all."""

from __future__ import annotations

import pytest

from services.executor.domain.open_order import Instruction
from services.executor.domain.placing_pause import (
    LONGEST_SECONDS,
    POST_ONLY,
    RATE_LIMIT,
    RESTARTING,
    TAKES_NO_ORDERS,
    WISH_LONGEST_SECONDS,
    PlacingPause,
)
from services.executor.domain.words import Accepted, Duplicated, PlaceWord, Rejected, Uncertain
from services.executor.handlers.place import entry_of, exit_of
from shared.domain.order import OrderStatus
from tests.unit.executor.fakes import Engine, cancel_of, intent, sale, venue_id

ENTRY, EXIT = entry_of(intent()), exit_of(sale())
RESTARTS = Uncertain("restarting: service not ready", retry_after_seconds=1.0)
DISABLED = Uncertain("trading_disabled: trading is disabled")
LIMITED = Uncertain("rate_limited: Rate limit exceeded", retry_after_seconds=3.0)
MAKERS_ONLY = Uncertain("post_only_mode: only post-only orders are accepted", retry_after_seconds=1.0)


def paused(word: PlaceWord, wanted: Instruction = ENTRY) -> PlacingPause:
    """An order written and answered at 0 s."""
    pause = PlacingPause()
    pause.hear(word, wanted, 0.0, 0.0)
    return pause


@pytest.mark.parametrize(
    ("word", "reason"), [(RESTARTS, RESTARTING), (DISABLED, TAKES_NO_ORDERS)], ids=["restart", "cancel-only"]
)
def test_a_venue_that_takes_nothing_holds_entries_and_exits(word: PlaceWord, reason: str) -> None:
    pause = paused(word)
    assert [pause.refusal(each, 0.9) for each in (ENTRY, EXIT)] == [reason, reason]


def test_a_request_for_a_pause_holds_entries_as_long_as_told_and_no_exit() -> None:
    pause = paused(LIMITED)
    assert [pause.refusal(ENTRY, at) for at in (0.0, 2.9, 3.0)] == [RATE_LIMIT, RATE_LIMIT, None]
    assert pause.refusal(EXIT, 0.0) is None


def test_a_limit_without_a_time_concerns_its_order_alone() -> None:
    assert paused(Uncertain("rate_limited: Rate limit exceeded for tokenId 7")).refusal(ENTRY, 0.0) is None


def test_in_post_only_mode_what_rests_passes_and_what_takes_waits() -> None:
    pause = paused(MAKERS_ONLY, EXIT)
    assert pause.refusal(ENTRY, 0.0) is None
    assert pause.refusal(EXIT, 0.9) == POST_ONLY

    pause.hear(Accepted(), ENTRY, 0.5, 0.6)

    assert pause.refusal(EXIT, 0.9) == POST_ONLY


def test_post_only_mode_says_that_the_restart_is_over() -> None:
    pause = paused(RESTARTS)
    pause.hear(MAKERS_ONLY, EXIT, 1.0, 1.0)
    assert pause.refusal(ENTRY, 1.0) is None


@pytest.mark.parametrize("reason", ["connection: no answer", "venue_timeout: order timed out", "venue_fault: 502"])
def test_what_says_nothing_of_the_venue_holds_nobody(reason: str) -> None:
    assert paused(Uncertain(reason)).refusal(ENTRY, 0.0) is None


def test_pauses_double_up_to_the_venues_own_ceiling() -> None:
    pause, now_seconds, waited = PlacingPause(), 0.0, list[float]()
    for _ in range(8):
        pause.hear(DISABLED, ENTRY, now_seconds, now_seconds)
        waited.append(pause.left_seconds(ENTRY, now_seconds))
        now_seconds += waited[-1]
    assert waited == [1, 2, 4, 8, 16, LONGEST_SECONDS, LONGEST_SECONDS, LONGEST_SECONDS]


@pytest.mark.parametrize(("wish_seconds", "left_seconds"), [(0.2, 1.0), (7.0, 7.0), (9999.0, WISH_LONGEST_SECONDS)])
def test_a_longer_wish_is_followed_within_reason(wish_seconds: float, left_seconds: float) -> None:
    assert paused(Uncertain("restarting: ", wish_seconds)).left_seconds(ENTRY, 0.0) == left_seconds


def test_after_a_pause_one_tries_and_the_others_wait_for_its_answer() -> None:
    pause = paused(RESTARTS)
    assert pause.refusal(ENTRY, 1.0) is None

    pause.try_now(ENTRY, 1.0)

    assert pause.refusal(ENTRY, 1.1) == RESTARTING
    assert pause.refusal(EXIT, 1.1) == RESTARTING


def test_a_try_that_nobody_answers_keeps_nobody_waiting_for_ever() -> None:
    pause = paused(RESTARTS)
    pause.try_now(ENTRY, 1.0)
    assert pause.refusal(ENTRY, 2.0) is None


@pytest.mark.parametrize("word", [Accepted(), Duplicated(), Rejected("tick: breaks minimum tick size rule")])
def test_a_try_that_is_judged_opens_for_all(word: PlaceWord) -> None:
    pause = paused(RESTARTS)
    pause.try_now(ENTRY, 1.0)

    pause.hear(word, ENTRY, 1.0, 1.2)

    assert pause.refusal(ENTRY, 1.2) is None
    assert pause.refusal(EXIT, 1.2) is None
    assert pause.reason() == ""


def test_answers_to_what_was_sent_before_neither_open_nor_lengthen_the_pause() -> None:
    pause = PlacingPause()
    pause.hear(RESTARTS, ENTRY, 0.0, 0.5)

    pause.hear(RESTARTS, ENTRY, 0.1, 0.6)
    assert pause.refusal(ENTRY, 1.6) is None
    pause.hear(Accepted(), ENTRY, 0.2, 0.7)

    assert pause.refusal(ENTRY, 0.8) == RESTARTING


@pytest.fixture
def engine() -> Engine:
    return Engine()


async def test_an_intent_that_comes_meanwhile_is_refused_before_anything_is_reserved(engine: Engine) -> None:
    engine.venue.answers.extend([RESTARTS] * 9)
    await engine.place(intent())
    posted = len(engine.venue.posted)

    await engine.place(intent("Down", valid_seconds=60))

    assert len(engine.venue.posted) == posted
    assert list(engine.table.rows) == [intent().order_id]
    assert engine.meter.refusals == {RESTARTING: 1}
    assert engine.meter.pauses == [RESTARTING]


async def test_a_try_after_the_pause_opens_for_the_next_intent(engine: Engine) -> None:
    engine.venue.answers.append(DISABLED)
    await engine.place(intent(valid_seconds=0.5))
    engine.clock.turn(1.0)

    first, second = intent("Down", valid_seconds=60), intent(rung=1, valid_seconds=60)
    await engine.placing.place(first)
    await engine.placing.place(second)
    while engine.spawned:
        await engine.spawned.popleft()

    assert {engine.table.status(first), engine.table.status(second)} == {OrderStatus.LIVE}
    assert engine.meter.pauses == [TAKES_NO_ORDERS, ""]


async def test_of_orders_that_were_reserved_before_the_pause_none_is_written_in_it(engine: Engine) -> None:
    engine.venue.answers.extend([DISABLED] * 9)
    first, second = intent(valid_seconds=0.5), intent("Down")
    await engine.placing.place(first)
    await engine.placing.place(second)

    while engine.spawned:
        await engine.spawned.popleft()

    assert engine.venue.posted == [b"signed td/m1/Up/0/0"]
    assert engine.table.events[-1] == (second.order_id, "rejected", f"NOT_SENT: {TAKES_NO_ORDERS}")


async def test_the_same_bytes_wait_for_the_pause_too(engine: Engine) -> None:
    engine.venue.answers.extend([DISABLED, DISABLED])
    order = intent(valid_seconds=60)

    await engine.place(order)

    assert (engine.clock.instant - order.decided_at).total_seconds() == 3.0
    assert engine.table.status(order) is OrderStatus.LIVE


async def test_bytes_whose_intent_ends_before_the_pause_are_left_to_be_asked_about(engine: Engine) -> None:
    engine.venue.answers.append(Uncertain("restarting: ", retry_after_seconds=30.0))
    order = intent()

    await engine.place(order)

    assert engine.clock.instant == order.decided_at
    assert engine.placing.in_flight == set()
    assert engine.table.status(order) is OrderStatus.UNCERTAIN


async def test_sales_try_at_the_venues_pace_and_never_faster(engine: Engine) -> None:
    """A sale is valid for a second and made anew every quarter of one."""
    engine.venue.answers.extend([DISABLED] * 99)
    for attempt in range(4 * 60):
        passed_seconds = (engine.clock.instant - sale().decided_at).total_seconds()
        await engine.sell(sale(attempt, valid_seconds=passed_seconds + 1))
        engine.clock.turn(0.25)

    assert len(engine.venue.posted) == 6  # after 0, 1, 3, 7, 15 and 31 s


async def test_cancels_go_out_while_nothing_is_placed(engine: Engine) -> None:
    order = await engine.live(intent())
    engine.venue.answers.append(DISABLED)
    await engine.place(intent("Down", valid_seconds=0.5))

    await engine.cancels.cancel_entry(cancel_of(order))

    assert engine.venue.cancelled == [venue_id(order)]
    assert engine.table.status(order) is OrderStatus.CANCELLED
