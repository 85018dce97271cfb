"""Entries do not rest while nobody watches them (design section 2)."""

import pytest

from services.risk.domain.liveness import WATCHED, roll_call

ALL_HERE = dict.fromkeys(WATCHED, 0.5)
LONG = 60.0


@pytest.mark.parametrize("service", WATCHED)
def test_a_service_silent_for_more_than_five_seconds_is_missing(service: str) -> None:
    assert roll_call({**ALL_HERE, service: 5.0}, LONG).missing == ()
    (cause,) = roll_call({**ALL_HERE, service: 5.1}, LONG).missing
    assert (cause.name, cause.state, cause.cancels) == (f"service_missing:{service}", "reducing", True)


def test_a_service_never_seen_is_missing() -> None:
    roll = roll_call({}, LONG)
    assert [cause.name for cause in roll.missing] == [f"service_missing:{service}" for service in WATCHED]


def test_right_after_our_own_start_nobody_is_missing_and_nobody_is_cleared() -> None:
    roll = roll_call({**ALL_HERE, "fills": 90.0}, 2.0)
    assert roll.missing == ()
    assert roll.undecided == {"service_missing:fills"}


def test_other_services_are_not_watched_here() -> None:
    assert roll_call({**ALL_HERE, "notifier": 900.0}, LONG).missing == ()
