"""When the venue is asked about which market."""

from datetime import timedelta

import pytest

from services.settlement.domain.agenda import Agenda
from services.settlement.domain.pace import pause_after
from shared.domain.ids import MarketId
from tests.unit.settlement.cases import after, case

FIRST, SECOND = case("0xm1"), case("0xm2")


def test_a_market_is_due_from_its_end() -> None:
    assert Agenda().due([FIRST], after(seconds=0)) == [FIRST]


def test_the_most_overdue_comes_first_and_none_before_its_time() -> None:
    agenda = Agenda()
    agenda.postpone(MarketId("0xm1"), after(seconds=20))
    agenda.postpone(MarketId("0xm2"), after(seconds=10))
    assert agenda.due([FIRST, SECOND], after(seconds=9)) == []
    assert agenda.due([FIRST, SECOND], after(seconds=15)) == [SECOND]
    assert agenda.due([FIRST, SECOND], after(seconds=20)) == [SECOND, FIRST]


def test_a_prompt_makes_a_market_due_at_once() -> None:
    agenda = Agenda()
    agenda.postpone(MarketId("0xm1"), after(hours=1))
    agenda.prompt(MarketId("0xm1"))
    assert agenda.due([FIRST], after(seconds=0)) == [FIRST]


def test_a_settled_market_is_forgotten() -> None:
    agenda = Agenda()
    agenda.postpone(MarketId("0xm1"), after(hours=1))
    agenda.due([], after(seconds=1))
    assert agenda.due([FIRST], after(seconds=1)) == [FIRST]


@pytest.mark.parametrize(
    ("since_end", "pause"),
    [
        pytest.param(timedelta(seconds=0), timedelta(seconds=5), id="answer due any moment"),
        pytest.param(timedelta(minutes=30), timedelta(seconds=30), id="late"),
        pytest.param(timedelta(hours=5), timedelta(minutes=5), id="very late"),
        pytest.param(timedelta(days=40), timedelta(hours=1), id="old position"),
    ],
)
def test_the_longer_the_venue_is_silent_the_seldomer_it_is_asked(since_end: timedelta, pause: timedelta) -> None:
    assert pause_after(since_end) == pause
