"""What the measurement of crashes takes for the same, and what it kills where."""

from __future__ import annotations

import pytest

from cli.bench.crashes import ELSEWHERE, Crash, OwnOrder, open_questions, points_of
from shared.fault_points import PASSED

OLD, NEW = True, False


@pytest.mark.parametrize(
    ("status", "is_older", "lives", "is_open"),
    [
        pytest.param("live", OLD, True, False, id="lives on both sides"),
        pytest.param("live", OLD, False, True, id="gone there and living here"),
        pytest.param("cancelled", OLD, True, True, id="lives there and over here"),
        pytest.param("submitting", OLD, True, True, id="under way"),
        pytest.param("cancelling", OLD, True, True, id="being cancelled"),
        pytest.param("cancelling", OLD, False, False, id="to be cancelled should it turn up"),
        pytest.param("uncertain", OLD, False, False, id="uncertain and reserved"),
        pytest.param("uncertain", OLD, True, True, id="uncertain and living there"),
        pytest.param("submitting", NEW, False, False, id="of after the restart"),
    ],
)
def test_an_order_is_settled_when_it_lives_on_both_sides_or_on_neither(
    status: str, is_older: bool, lives: bool, is_open: bool
) -> None:
    found = [*open_questions({"0x1": OwnOrder(status, is_older)}, {"0x1"} if lives else set())]
    assert bool(found) is is_open


def test_an_order_that_only_the_venue_knows_is_an_open_question() -> None:
    assert [*open_questions({}, {"0x1"})] == ["0x1 lives at the venue and is unknown"]


def test_every_point_is_measured_but_those_that_a_system_at_the_simulator_does_not_pass() -> None:
    passed = {(service, point) for service, points in PASSED.items() for point in points}
    assert passed - set(points_of(())) == ELSEWHERE
    assert {service for service, _ in points_of(("risk",))} == {"risk"}


def test_what_takes_too_long_or_never_ends_is_not_in_time() -> None:
    assert Crash("risk", "fact_published", 15.0).is_in_time
    assert not Crash("risk", "fact_published", 15.1).is_in_time
    assert not Crash("risk", "fact_published").is_in_time
