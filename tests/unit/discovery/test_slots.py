"""Which slots are looked for, and when."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from services.discovery.domain.slots import seconds_to_next_look, wanted_slots
from shared.domain.ids import Coin

NOON = datetime(2026, 4, 1, 12, tzinfo=UTC)


def test_the_current_and_the_next_slot_of_each_coin_and_duration_are_wanted() -> None:
    wanted = wanted_slots(NOON + timedelta(minutes=7), [Coin("btc"), Coin("eth")], [15, 5])
    btc = [(slot.minutes, slot.start - NOON) for slot in wanted if slot.coin == "btc"]
    assert btc == [
        (15, timedelta(0)),
        (15, timedelta(minutes=15)),
        (5, timedelta(minutes=5)),
        (5, timedelta(minutes=10)),
    ]
    assert len(wanted) == 8


@pytest.mark.parametrize(
    ("into_slot_seconds", "current_start"),
    [(0, NOON), (899.999, NOON), (900, NOON + timedelta(minutes=15))],
    ids=["at the start", "just before the end", "at the end"],
)
def test_a_slot_is_current_from_its_start_until_before_its_end(
    into_slot_seconds: float, current_start: datetime
) -> None:
    wanted = wanted_slots(NOON + timedelta(seconds=into_slot_seconds), [Coin("btc")], [15])
    assert wanted[0].start == current_start


@pytest.mark.parametrize(
    ("minutes", "seconds", "expected"),
    [(5, 0, 60.0), (14, 30, 20.0), (14, 50, 11.0), (0, 0, 1.0)],
    ids=["far from a boundary", "shortly before it", "over it", "right at it"],
)
def test_it_looks_at_every_interval_and_round_each_boundary(minutes: int, seconds: int, expected: float) -> None:
    now = NOON + timedelta(minutes=minutes, seconds=seconds)
    assert seconds_to_next_look(now, [15], 60.0, is_complete=True) == expected


def test_what_was_not_found_is_looked_for_again_soon() -> None:
    assert seconds_to_next_look(NOON + timedelta(minutes=5), [15], 60.0, is_complete=False) == 5.0
