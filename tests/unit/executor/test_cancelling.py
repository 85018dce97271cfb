"""A cancel is over only with the venue's final word."""

from __future__ import annotations

import pytest

from services.executor.domain.budget import CANCELS_AT_ONCE, KEPT_FOR_LEAVING
from services.executor.domain.words import Matched, Over, Resting, Unclear, Unknown
from services.executor.handlers.trading_state import HearTradingState
from services.executor.ports import TableUnavailableError
from shared.domain.ids import AccountId
from shared.domain.money import NO_SHARES, Shares
from shared.domain.order import OrderStatus
from shared.messages.risk import TradingStateChanged
from tests.unit.executor.fakes import ACCOUNT, Engine, cancel_of, close_entries, intent, venue_id


@pytest.fixture
def engine() -> Engine:
    return Engine()


async def test_a_cancelled_order_is_released_with_what_the_venue_matched_before(engine: Engine) -> None:
    order = await engine.live(intent())
    engine.venue.words[venue_id(order)] = Over("cancelled", Shares.of(4), "CANCELED")

    await engine.cancels.cancel_entry(cancel_of(order))

    assert engine.table.status(order) is OrderStatus.CANCELLED
    assert engine.table.rows[order.order_id].venue_matched == Shares.of(4)


async def test_a_cancel_that_lost_the_race_stays_cancelling_until_the_fills_are_booked(engine: Engine) -> None:
    order = await engine.live(intent())
    engine.venue.loses_cancels.add(venue_id(order))
    engine.venue.words[venue_id(order)] = Matched(Shares.of(10))

    await engine.cancels.cancel_entry(cancel_of(order))

    assert engine.table.status(order) is OrderStatus.CANCELLING
    assert engine.table.rows[order.order_id].venue_matched == Shares.of(10)


async def test_a_cancel_without_an_answer_is_sent_again(engine: Engine) -> None:
    order = await engine.live(intent())
    engine.venue.loses_cancels.add(venue_id(order))
    engine.venue.words[venue_id(order)] = Resting(NO_SHARES)
    await engine.cancels.cancel_entry(cancel_of(order))
    assert engine.table.status(order) is OrderStatus.CANCELLING
    engine.venue.loses_cancels.clear()
    engine.venue.words.clear()

    engine.venue.words[venue_id(order)] = Resting(NO_SHARES)
    await engine.keep.round()
    engine.venue.words[venue_id(order)] = Over("cancelled", NO_SHARES, "CANCELED")
    engine.clock.turn(1)
    await engine.keep.round()

    assert engine.table.status(order) is OrderStatus.CANCELLED


async def test_a_cancel_the_venue_confirmed_needs_no_further_proof_than_its_trades(engine: Engine) -> None:
    """Which show late what was filled before: until then the order stays reserved."""
    order = await engine.live(intent())
    engine.venue.words[venue_id(order)] = Unknown(NO_SHARES)

    await engine.cancels.cancel_entry(cancel_of(order))
    engine.clock.turn(4)
    await engine.keep.round()
    assert engine.table.status(order) is OrderStatus.CANCELLING

    engine.venue.words[venue_id(order)] = Unknown(Shares.of(3))
    engine.clock.turn(1)
    await engine.keep.round()
    assert engine.table.status(order) is OrderStatus.CANCELLED
    assert engine.table.rows[order.order_id].venue_matched == Shares.of(3)


async def test_an_order_the_venue_no_longer_shows_is_released_after_the_cancels_time(engine: Engine) -> None:
    order = await engine.live(intent())
    engine.venue.loses_cancels.add(venue_id(order))
    await engine.cancels.cancel_entry(cancel_of(order))

    engine.clock.turn(29)
    await engine.keep.round()
    assert engine.table.status(order) is OrderStatus.CANCELLING

    engine.clock.turn(8)
    await engine.keep.round()
    assert engine.table.status(order) is OrderStatus.CANCELLED


async def test_a_final_order_is_not_cancelled_again(engine: Engine) -> None:
    order = await engine.live(intent())
    await engine.cancels.cancel_entry(cancel_of(order))

    await engine.cancels.cancel_entry(cancel_of(order))

    assert engine.venue.cancelled == [venue_id(order)]


async def test_a_cancel_for_another_account_is_not_ours(engine: Engine) -> None:
    order = await engine.live(intent())

    await engine.cancels.cancel_entry(cancel_of(order, AccountId("sim:paper:paper")))

    assert engine.venue.cancelled == []


async def test_the_venue_is_asked_even_when_the_cancel_cannot_be_recorded(engine: Engine) -> None:
    order = await engine.live(intent())
    row = engine.table.rows[order.order_id]
    engine.venue.words[venue_id(order)] = Unclear("no answer")
    engine.table.away = True

    await engine.cancels.tell_venue([row])

    assert engine.venue.cancelled == [venue_id(order)]


@pytest.mark.parametrize("way", ["fact", "announcement"])
async def test_a_kill_cancels_every_entry_by_whichever_way_it_is_heard(engine: Engine, way: str) -> None:
    up, down = await engine.live(intent("Up")), await engine.live(intent("Down"))
    state = HearTradingState(ACCOUNT, engine.gate, engine.cancels)

    if way == "fact":
        await state.fact(TradingStateChanged(account=ACCOUNT, state="halted", cancels=True, causes=(), version=7))
    else:
        await state.announced(f"{ACCOUNT} halted t 7")

    assert {engine.table.status(up), engine.table.status(down)} == {OrderStatus.CANCELLED}
    assert engine.gate.state == "halted"


async def test_a_kill_heard_both_ways_cancels_once(engine: Engine) -> None:
    order = await engine.live(intent())
    state = HearTradingState(ACCOUNT, engine.gate, engine.cancels)

    await state.announced(f"{ACCOUNT} halted t 7")
    await state.fact(TradingStateChanged(account=ACCOUNT, state="halted", cancels=True, causes=(), version=7))

    assert engine.venue.cancelled == [venue_id(order)]


async def test_an_older_announcement_does_not_open_what_a_newer_one_closed(engine: Engine) -> None:
    state = HearTradingState(ACCOUNT, engine.gate, engine.cancels)
    await state.announced(f"{ACCOUNT} halted t 7")

    await state.announced(f"{ACCOUNT} active f 6")

    assert engine.gate.state == "halted"


async def test_another_accounts_state_is_not_ours(engine: Engine) -> None:
    state = HearTradingState(ACCOUNT, engine.gate, engine.cancels)

    await state.announced("sim:paper:paper halted t 7")

    assert engine.gate.state == "active"


async def test_the_other_side_of_a_held_market_is_cancelled(engine: Engine) -> None:
    up, down = await engine.live(intent("Up")), await engine.live(intent("Down"))
    engine.table.hold_side(up)

    await engine.cancels.cancel_unwanted(up.market)

    assert engine.table.status(up) is OrderStatus.LIVE
    assert engine.table.status(down) is OrderStatus.CANCELLED


async def test_what_a_lost_message_left_resting_is_found_by_the_next_round(engine: Engine) -> None:
    order = await engine.live(intent())
    engine.gate.hear("reducing", 1, cancels=True)

    await engine.keep.round()

    assert engine.table.status(order) is OrderStatus.CANCELLED


@pytest.mark.parametrize("service", ["discovery", "bidder", "fills", "risk"])
async def test_entries_go_while_one_of_those_who_watch_them_is_silent(engine: Engine, service: str) -> None:
    order = await engine.live(intent())
    engine.guard.silent = frozenset({service})

    await engine.keep.round()

    assert engine.table.status(order) is OrderStatus.CANCELLED


async def test_of_a_silent_risk_the_executor_tells_and_takes_it_back(engine: Engine) -> None:
    await engine.keep.round()
    engine.guard.silent = frozenset({"risk"})
    await engine.keep.round()
    assert engine.guard.causes == {"service_missing:risk": "reducing"}

    engine.guard.silent = frozenset()
    await engine.keep.round()
    assert engine.guard.causes == {}


async def test_of_the_other_watchers_risk_tells(engine: Engine) -> None:
    await engine.keep.round()
    engine.guard.silent = frozenset({"bidder"})
    await engine.keep.round()
    assert engine.guard.causes == {}


async def test_what_no_table_can_name_is_cancelled_all_the_same(engine: Engine) -> None:
    await engine.live(intent())
    engine.table.away = True

    with pytest.raises(TableUnavailableError):
        await engine.cancels.cancel_entries("STOPPING")
    await engine.cancels.cancel_unnamed("STOPPING")

    assert engine.venue.all_cancelled == 1


async def test_a_cancel_that_only_moves_a_bid_waits_for_the_budget_and_goes_by_a_later_round(engine: Engine) -> None:
    order = await engine.live(intent())
    engine.cancel_budget.spend(engine.clock.monotonic_seconds(), int(CANCELS_AT_ONCE - KEPT_FOR_LEAVING))

    await engine.cancels.cancel_entry(cancel_of(order))
    assert engine.table.status(order) is OrderStatus.CANCELLING
    assert engine.venue.cancelled == []

    engine.venue.words[venue_id(order)] = Resting(NO_SHARES)
    await engine.keep.round()
    assert engine.venue.cancelled == []
    engine.clock.turn(1)
    await engine.keep.round()
    assert engine.venue.cancelled == [venue_id(order)]


async def test_a_kill_takes_what_repricing_has_to_leave(engine: Engine) -> None:
    order, waiting = await engine.live(intent()), await engine.live(intent(rung=1))
    engine.cancel_budget.spend(engine.clock.monotonic_seconds(), int(CANCELS_AT_ONCE - KEPT_FOR_LEAVING))
    await engine.cancels.cancel_entry(cancel_of(waiting))
    engine.venue.words[venue_id(waiting)] = Resting(NO_SHARES)
    engine.gate.hear("halted", 7, cancels=True)

    await engine.cancels.cancel_unwanted()
    await engine.keep.round()

    assert engine.venue.cancelled == [venue_id(order), venue_id(waiting)]


async def test_a_market_that_is_left_loses_its_entries_whatever_the_budget_says(engine: Engine) -> None:
    order = await engine.live(intent())
    engine.cancel_budget.spend(engine.clock.monotonic_seconds(), 2 * CANCELS_AT_ONCE)
    engine.table.leave(order.market)

    await engine.cancels.close_entries(close_entries())

    assert engine.table.status(order) is OrderStatus.CANCELLED
    assert engine.table.closed == [order.market]


async def test_what_is_beyond_the_budget_is_asked_for_beside_what_is_within(engine: Engine) -> None:
    """The venue refuses a request whole: one that is too large would cancel nothing."""
    orders = [await engine.live(intent(rung=rung)) for rung in range(5)]
    engine.cancel_budget.spend(engine.clock.monotonic_seconds(), CANCELS_AT_ONCE - 3)
    requests: list[int] = []
    engine.venue.before_cancel = requests.append

    await engine.cancels.cancel_entries("STOPPING")

    assert requests == [3, 2]
    assert engine.venue.cancelled == [venue_id(order) for order in orders]
