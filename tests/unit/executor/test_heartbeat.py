"""The venue's dead-man switch."""

from __future__ import annotations

from collections import deque

from services.executor.domain.gate import Gate
from services.executor.domain.words import BeatFailed, BeatMismatch, BeatWord
from services.executor.handlers.heartbeat import PERIOD_SECONDS, RETRY_SECONDS, Heartbeat
from tests.unit.executor.fakes import FakeGuard, FakeHeart, FakeMeter, TurnedClock

FAILED = BeatFailed("no answer")


class Chest:
    def __init__(self, *words: BeatWord) -> None:
        self.heart = FakeHeart(deque(words))
        self.guard = FakeGuard(Gate())
        self.meter = FakeMeter()
        self.beats = Heartbeat(self.heart, self.guard, TurnedClock(), self.meter)

    async def beat(self, times: int) -> list[float]:
        return [await self.beats.beat() for _ in range(times)]


async def test_each_beat_carries_the_id_of_the_one_before() -> None:
    chest = Chest()

    pauses = await chest.beat(3)

    assert chest.heart.sent == ["", "id-1", "id-2"]
    assert pauses == [PERIOD_SECONDS] * 3


async def test_one_failure_is_retried_soon_and_closes_nothing() -> None:
    chest = Chest(FAILED)

    assert await chest.beat(2) == [RETRY_SECONDS, PERIOD_SECONDS]

    assert chest.guard.causes == {}
    assert chest.meter.beats == [False, True]


async def test_two_failures_close_entries_until_it_beats_again() -> None:
    chest = Chest(FAILED, FAILED)

    await chest.beat(2)
    assert chest.guard.causes == {"heartbeat": "reducing"}

    await chest.beat(1)
    assert chest.guard.causes == {}


async def test_a_mismatch_at_the_start_is_our_own_earlier_chain() -> None:
    chest = Chest(BeatMismatch("id-9"))

    await chest.beat(2)

    assert chest.heart.sent == ["", "id-9"]
    assert chest.guard.causes == {}


async def test_a_mismatch_of_an_id_that_the_venue_named_is_a_second_engine_and_closes_entries() -> None:
    chest = Chest()
    await chest.beat(1)
    chest.heart.words.append(BeatMismatch("id-9"))

    await chest.beat(1)

    assert chest.guard.causes == {"heartbeat": "reducing"}
    await chest.beat(1)
    assert chest.heart.sent[-1] == "id-9"


async def test_entries_open_again_when_a_whole_period_passed_without_the_other_engine() -> None:
    chest = Chest()
    await chest.beat(1)
    chest.heart.words.append(BeatMismatch("id-9"))
    await chest.beat(2)
    assert chest.guard.causes == {"heartbeat": "reducing"}

    await chest.beat(1)

    assert chest.guard.causes == {}


async def test_a_second_engine_that_goes_on_beating_keeps_entries_closed() -> None:
    chest = Chest()
    await chest.beat(1)
    for _ in range(3):
        chest.heart.words.append(BeatMismatch("id-9"))
        await chest.beat(2)

        assert chest.guard.causes == {"heartbeat": "reducing"}


async def test_answers_that_are_lost_again_and_again_close_nothing_while_the_venue_counts_the_beats() -> None:
    chest = Chest()
    await chest.beat(1)
    for number in range(2, 6):
        chest.heart.words.extend([FAILED, BeatMismatch(f"id-{number}")])

    for _ in range(8):
        await chest.beat(1)

        assert chest.guard.causes == {}


async def test_an_id_refused_although_the_venue_named_it_after_a_lost_answer_is_a_second_engine() -> None:
    chest = Chest()
    await chest.beat(1)
    chest.heart.words.extend([FAILED, BeatMismatch("id-2"), BeatMismatch("id-9")])

    await chest.beat(3)

    assert chest.guard.causes == {"heartbeat": "reducing"}


async def test_a_chain_that_lapsed_while_we_were_silent_is_begun_anew_and_is_nobody_elses() -> None:
    chest = Chest()
    await chest.beat(1)
    chest.heart.words.append(BeatMismatch(""))

    await chest.beat(1)
    assert chest.guard.causes == {}
    await chest.beat(1)

    assert chest.heart.sent[-1] == ""
    assert chest.guard.causes == {}


async def test_a_mismatch_after_a_lost_answer_is_our_own_beat() -> None:
    chest = Chest()
    await chest.beat(1)
    chest.heart.words.extend([FAILED, BeatMismatch("id-2")])

    await chest.beat(3)

    assert chest.heart.sent == ["", "id-1", "id-1", "id-2"]
    assert chest.guard.causes == {}


async def test_a_cause_left_by_an_earlier_life_is_cleared_by_the_first_beat() -> None:
    chest = Chest()
    chest.guard.causes["heartbeat"] = "reducing"

    await chest.beat(1)

    assert chest.guard.causes == {}
