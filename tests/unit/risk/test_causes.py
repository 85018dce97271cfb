"""What risk sets and clears, against what is listed."""

from services.risk.domain.causes import Cause, Clear, Raise, TradingState, changes

KILL = Cause("kill", TradingState.HALTED, cancels=True, detail="operator")
STALE = Cause("stale_books", TradingState.REDUCING, cancels=False, detail="freshest book 31 s old")
FILLS_MISSING = Cause("service_missing:fills", TradingState.REDUCING, cancels=True, detail="never seen")


def test_a_wanted_cause_that_is_not_listed_is_raised() -> None:
    assert changes([KILL], [STALE]) == [Raise(STALE)]


def test_a_listed_cause_that_is_not_wanted_any_more_is_cleared() -> None:
    assert changes([STALE, FILLS_MISSING], [STALE]) == [Clear("service_missing:fills")]


def test_the_causes_of_others_are_left_alone() -> None:
    pause = Cause("pause", TradingState.REDUCING, cancels=True, detail="")
    assert changes([KILL, pause], []) == []


def test_a_detail_that_grows_by_the_second_is_no_change() -> None:
    assert changes([STALE], [Cause("stale_books", TradingState.REDUCING, cancels=False, detail="32 s")]) == []


def test_a_cause_that_begins_to_cancel_is_raised_again() -> None:
    harsher = Cause("stale_books", TradingState.REDUCING, cancels=True, detail="121 s")
    assert changes([STALE], [harsher]) == [Raise(harsher)]


def test_what_is_undecided_stays_as_it_is() -> None:
    assert changes([FILLS_MISSING], [], frozenset({"service_missing:fills"})) == []
