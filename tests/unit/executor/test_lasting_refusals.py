"""A refusal that the next order will meet too closes entries, is told once, and is looked at again."""

from __future__ import annotations

import pytest

from services.executor.domain.lasting_refusal import (
    APART_SECONDS,
    FIRST_SECONDS,
    IN_A_ROW,
    LONGEST_SECONDS,
    REMEDIES,
    ROW_SECONDS,
    SELDOM_ALONE,
    LastingRefusal,
)
from services.executor.domain.words import Accepted, Rejected, Uncertain
from services.executor.handlers.refusals import CAUSE
from shared.messages.bidder import PlaceEntry
from shared.venue.rejections import Reason
from tests.unit.executor.fakes import Engine, intent, sale

BANNED = Rejected("account: '0x0' address banned")
POOR = Rejected("balance: not enough balance / allowance")
CLOSED = {CAUSE: "reducing"}


def closes(refusal: LastingRefusal, word: Rejected | Accepted, *at_seconds: float, is_exit: bool = False) -> list[bool]:
    return [refusal.hear(word, at, is_exit=is_exit) is not None for at in at_seconds]


def test_each_remedy_is_of_a_reason_that_the_venue_gives() -> None:
    assert set(REMEDIES) <= {str(reason) for reason in Reason}


@pytest.mark.parametrize("kind", sorted(set(REMEDIES) - SELDOM_ALONE))
def test_a_refused_account_wallet_or_key_closes_at_once(kind: str) -> None:
    assert closes(LastingRefusal(), Rejected(f"{kind}: no"), 0.0) == [True]


@pytest.mark.parametrize("kind", ["post_only_would_cross", "tick", "min_shares", "not_filled", "market_closed"])
def test_what_is_wrong_with_one_order_closes_nothing(kind: str) -> None:
    assert closes(LastingRefusal(), Rejected(f"{kind}: no"), *range(0, 100, 6)) == [False] * 17


def test_what_is_uncertain_is_no_refusal() -> None:
    assert not LastingRefusal().hear(Uncertain("unauthorized: 503"), 0.0, is_exit=False)


@pytest.mark.parametrize("kind", sorted(SELDOM_ALONE))
def test_what_may_be_of_a_moment_closes_when_it_comes_again_and_again(kind: str) -> None:
    instants = [APART_SECONDS * number for number in range(IN_A_ROW)]
    assert closes(LastingRefusal(), Rejected(f"{kind}: no"), *instants) == [False, False, True]


def test_a_ladder_refused_at_once_counts_as_one() -> None:
    assert closes(LastingRefusal(), POOR, 0.0, 0.1, 0.2, 0.3, 4.9) == [False] * 5


def test_an_accepted_entry_between_them_makes_no_row() -> None:
    refusal = LastingRefusal()
    assert closes(refusal, POOR, 0.0, 5.0) == [False, False]
    refusal.hear(Accepted(), 6.0, is_exit=False)
    assert closes(refusal, POOR, 10.0) == [False]


def test_refusals_long_ago_make_no_row() -> None:
    assert closes(LastingRefusal(), POOR, 0.0, 5.0, ROW_SECONDS + 5.1) == [False] * 3


def test_a_sale_without_shares_says_nothing_of_the_wallet() -> None:
    assert closes(LastingRefusal(), POOR, 0.0, 5.0, 10.0, 15.0, is_exit=True) == [False] * 4


def test_it_is_looked_at_again_after_longer_and_longer() -> None:
    refusal, now_seconds, waited = LastingRefusal(), 0.0, list[float]()
    for _ in range(10):
        assert refusal.hear(BANNED, now_seconds, is_exit=False)
        assert refusal.closed_until_seconds is not None
        waited.append(refusal.closed_until_seconds - now_seconds)
        now_seconds = refusal.closed_until_seconds
        refusal.open_if_due(now_seconds)
    assert waited[:4] == [FIRST_SECONDS * 2**doubled for doubled in range(4)]
    assert waited[-1] == LONGEST_SECONDS


def test_a_look_that_finds_the_wallet_still_empty_closes_without_a_row() -> None:
    refusal = LastingRefusal()
    closes(refusal, POOR, 0.0, 5.0, 10.0)
    refusal.open_if_due(10.0 + FIRST_SECONDS)
    assert closes(refusal, POOR, 11.0 + FIRST_SECONDS) == [True]


def test_an_accepted_entry_is_the_end_of_it_and_an_accepted_sale_is_not() -> None:
    refusal = LastingRefusal()
    refusal.hear(BANNED, 0.0, is_exit=False)
    refusal.open_if_due(FIRST_SECONDS)
    refusal.hear(Accepted(), 20.0, is_exit=True)
    assert refusal.pause_seconds == FIRST_SECONDS
    refusal.hear(Accepted(), 21.0, is_exit=False)
    assert refusal.pause_seconds == 0


@pytest.fixture
async def engine() -> Engine:
    engine = Engine()
    await engine.keep.round()
    return engine


async def refused(engine: Engine) -> PlaceEntry:
    engine.venue.answers.append(BANNED)
    order = intent()
    await engine.place(order)
    return order


async def test_entries_close_with_a_cause_and_an_alert_that_says_what_to_do(engine: Engine) -> None:
    order = await refused(engine)

    assert engine.table.told(order) == ["rejected"]
    assert engine.guard.causes == CLOSED
    assert engine.guard.details[CAUSE] == f"{BANNED.reason}; {REMEDIES['account']}"
    assert engine.guard.alerts == [
        f"Entries are closed since 2026-04-01 12:05:00 UTC: {BANNED.reason}; {REMEDIES['account']}"
    ]


async def test_while_they_are_closed_no_intent_reaches_the_venue(engine: Engine) -> None:
    await refused(engine)

    await engine.place(intent("Down"))

    assert engine.meter.refusals == {"HALTED": 1}
    assert len(engine.venue.posted) == 1


async def test_what_rests_stays_and_what_is_held_can_be_sold(engine: Engine) -> None:
    resting = await engine.live(intent("Down"))
    await refused(engine)
    await engine.keep.round()
    await engine.sell(sale())

    assert resting.order_id not in {order for order, event, _ in engine.table.events if event == "cancel_requested"}
    assert engine.venue.posted[-1] == b"signed td/m1/Up/exit/0"


async def test_entries_open_by_themselves_to_look_and_close_again_untold(engine: Engine) -> None:
    await refused(engine)
    engine.clock.turn(FIRST_SECONDS)
    await engine.keep.round()
    assert engine.guard.causes == {}

    engine.venue.answers.append(BANNED)
    await engine.place(intent(rung=1, valid_seconds=60))

    assert engine.guard.causes == CLOSED
    assert len(engine.guard.alerts) == 1


async def test_once_an_entry_was_taken_the_next_refusal_is_news(engine: Engine) -> None:
    await refused(engine)
    engine.clock.turn(FIRST_SECONDS)
    await engine.keep.round()
    await engine.place(intent(rung=1, valid_seconds=60))

    engine.venue.answers.append(BANNED)
    await engine.place(intent(rung=2, valid_seconds=60))

    assert len(engine.guard.alerts) == 2


async def test_a_table_that_was_away_is_told_by_the_next_round(engine: Engine) -> None:
    engine.guard.away = True
    order = await refused(engine)
    assert engine.table.told(order) == ["rejected"]
    engine.guard.away = False

    await engine.keep.round()

    assert engine.guard.causes == CLOSED
    assert len(engine.guard.alerts) == 1


async def test_a_start_is_a_look_too() -> None:
    engine = Engine()
    engine.guard.causes = dict(CLOSED)

    await engine.keep.round()

    assert engine.guard.causes == {}
