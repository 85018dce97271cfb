"""Which slots of a recording can be traded in, and why the others cannot."""

from typing import Any

import msgspec
import pytest

from lab.replay.frames import Slot
from lab.replay.slots import Wanted, sort_out
from tests.unit.lab.replay.tape import slot

BTC_15M = Wanted(frozenset({"btc"}), (900,))


def reasons(*slots: dict[str, Any], wanted: Wanted = BTC_15M) -> list[str]:
    return [each.reason for each in sort_out([msgspec.convert(one, Slot) for one in slots], wanted)[1]]


@pytest.mark.parametrize(
    ("changed", "reason"),
    [
        pytest.param(
            {"outcomes": ["Up", "Down", "Flat"], "tokens": ["1", "2", "3"]},
            "not two outcomes with a token each",
            id="three outcomes",
        ),
        pytest.param({"tokens": ["1", "1"]}, "not two outcomes with a token each", id="one token twice"),
        pytest.param({"outcomes": ["Yes", "No"]}, "outcomes are not Up and Down", id="other outcomes"),
        pytest.param({"outcomes": ["Up", "Up"]}, "outcomes are not Up and Down", id="Up twice"),
        pytest.param({"winner": 2}, "contradicts itself or another slot", id="third winner"),
        pytest.param({"end": 1_775_029_500}, "contradicts itself or another slot", id="no length"),
        pytest.param({"tick": "0"}, "tick, minimum size or fee rate is no usable number", id="no tick"),
        pytest.param({"min_shares": "five"}, "tick, minimum size or fee rate is no usable number", id="no number"),
        pytest.param({"coin": "eth"}, "coin not in symbols", id="other coin"),
        pytest.param({"end": 1_775_029_800}, "other slot_duration", id="other length"),
        pytest.param({"whole": False}, "not recorded whole", id="partial"),
    ],
)
def test_what_cannot_be_traded_in_says_why(changed: dict[str, Any], reason: str) -> None:
    assert reasons(slot(**changed)) == [reason]


def test_a_slot_told_twice_is_played_once() -> None:
    assert reasons(slot(), slot()) == ["contradicts itself or another slot"]


def test_a_part_of_a_slot_is_played_when_asked_for() -> None:
    assert reasons(slot(whole=False), wanted=Wanted(frozenset({"btc"}), (900,), with_partial=True)) == []


def test_where_down_is_listed_first_the_winner_is_found_by_its_token() -> None:
    down_first = slot(outcomes=["Down", "Up"], tokens=["22", "11"], winner=1)
    (played,), _ = sort_out([msgspec.convert(down_first, Slot)], BTC_15M)
    assert played.winner == played.market.outcome("Up").token == "11"
