"""Faults by name and seed: what a plan is, how a fault is written, and when it strikes."""

import re
from pathlib import Path

import pytest

from tests.venue_sim.stand import TurnedClock
from venue_sim.faults import schedule
from venue_sim.faults.catalogue import BY_NAME, FAULTS
from venue_sim.faults.plan import POST_ONLY_SECONDS, Planned, plan
from venue_sim.faults.switchboard import Faults, Terms, UnknownFaultError
from venue_sim.faults.written import parse_faults
from venue_sim.timeline import Timeline

DOCUMENT = Path("docs/faults.md")


def test_a_name_is_given_once() -> None:
    assert len(BY_NAME) == len(FAULTS)


def test_the_document_lists_every_fault_with_what_it_does_and_what_must_be_done() -> None:
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in DOCUMENT.read_text().splitlines()]
    told = {row[0].strip("`"): row for row in rows if len(row) == 4 and re.fullmatch(r"`\w+`", row[0])}

    assert list(told) == [fault.name for fault in FAULTS]
    for fault in FAULTS:
        assert told[fault.name][1:3] == [fault.what, fault.copies]
        assert told[fault.name][3]


def test_a_plan_is_a_function_of_its_seed() -> None:
    assert plan(7, 3600) == plan(7, 3600)
    assert plan(7, 3600) != plan(8, 3600)


def test_a_longer_plan_begins_with_the_shorter() -> None:
    longer = plan(7, 3600)
    assert plan(7, 600) == tuple(planned for planned in longer if planned.at_seconds < 600)


def test_a_plan_stays_inside_what_the_list_allows() -> None:
    for planned in plan(3, 86_400):
        fault = BY_NAME[planned.name]
        if fault.once:
            assert (planned.chance, planned.seconds) == (1.0, 0.0)
        elif planned.seconds != POST_ONLY_SECONDS:
            assert fault.chances[0] <= planned.chance <= fault.chances[1]
            assert fault.seconds[0] <= planned.seconds <= fault.seconds[1]


def test_a_day_s_plan_has_every_fault() -> None:
    assert {planned.name for planned in plan(3, 86_400)} == set(BY_NAME)


def test_a_plan_can_be_narrowed_to_some_faults() -> None:
    assert {planned.name for planned in plan(3, 3600, ["answer_lost", "request_lost"])} == {
        "answer_lost",
        "request_lost",
    }
    assert plan(3, 3600, []) == ()


def test_two_minutes_of_post_only_follow_a_restart() -> None:
    planned = plan(3, 3600, ["restarting"])
    restarts = [each for each in planned if each.name == "restarting"]
    followers = [each for each in planned if each.name == "post_only"]
    ends = sorted(round(each.at_seconds + each.seconds, 2) for each in restarts)
    assert [each.at_seconds for each in followers] == [end for end in ends if end < 3600]
    assert {each.seconds for each in followers} == {POST_ONLY_SECONDS}


def test_a_schedule_goes_on_where_a_restarted_simulator_was() -> None:
    clock, timeline = TurnedClock(), Timeline()
    origin_ms = clock.now_ms
    planned = [
        Planned(1, "reads_fail", 1.0, 2.0),
        Planned(10, "answer_lost", 1.0, 20.0),
        Planned(60, "rate_limited", 1.0, 5),
    ]
    clock.now_ms += 15_000
    faults = Faults(clock)
    schedule.put(planned, faults, timeline, origin_ms, clock.now_ms)
    timeline.run_due(clock.now_ms, None)

    assert faults.terms("reads_fail") is None
    assert faults.terms("answer_lost") == Terms(seconds=15.0)
    clock.now_ms += 15_000
    assert faults.terms("answer_lost") is None
    clock.now_ms += 31_000
    timeline.run_due(clock.now_ms, None)
    assert faults.strikes("rate_limited")


def test_what_is_off_never_strikes() -> None:
    faults = Faults(TurnedClock())
    assert not any(faults.strikes(name) or faults.picks(name, "x") or faults.delay_ms(name) for name in BY_NAME)
    assert not faults.struck


def test_a_fault_is_over_after_its_times() -> None:
    faults = Faults(TurnedClock())
    faults.switch_on("answer_lost", Terms(times=2))
    assert [faults.strikes("answer_lost") for _ in range(4)] == [True, True, False, False]
    assert faults.struck["answer_lost"] == 2


def test_a_fault_is_over_after_its_seconds() -> None:
    clock = TurnedClock()
    faults = Faults(clock)
    faults.switch_on("answer_lost", Terms(seconds=2))
    clock.now_ms += 1_999
    assert faults.strikes("answer_lost")
    clock.now_ms += 1
    assert not faults.strikes("answer_lost")


def test_the_draws_of_one_fault_move_no_other_s() -> None:
    def draws(*, disturbed: bool) -> list[bool]:
        faults = Faults(TurnedClock(), seed=5)
        for name in ("answer_lost", "request_lost"):
            faults.switch_on(name, Terms(chance=0.5))
        drawn: list[bool] = []
        for _ in range(50):
            if disturbed:
                faults.strikes("request_lost")
            drawn.append(faults.strikes("answer_lost"))
        return drawn

    assert draws(disturbed=True) == draws(disturbed=False)
    assert 10 < sum(draws(disturbed=False)) < 40


def test_a_fault_of_some_things_keeps_to_them() -> None:
    faults = Faults(TurnedClock(), seed=5)
    faults.switch_on("market_frozen", Terms(chance=0.5))
    picked = [faults.picks("market_frozen", str(thing)) for thing in range(100)]
    assert picked == [faults.picks("market_frozen", str(thing)) for thing in range(100)]
    assert 30 < sum(picked) < 70


def test_an_unknown_name_is_refused() -> None:
    with pytest.raises(UnknownFaultError, match="no fault is called 'nonsense'"):
        Faults(TurnedClock()).switch_on("nonsense")
    with pytest.raises(UnknownFaultError, match="no fault is called 'nonsense'"):
        Faults(TurnedClock()).switch_off("nonsense")


def test_faults_are_written_with_their_terms() -> None:
    assert parse_faults("answer_lost,reads_late:chance=0.5:delay_ms=20,rate_limited:times=3:seconds=1.5") == (
        ("answer_lost", Terms()),
        ("reads_late", Terms(chance=0.5, delay_ms=20)),
        ("rate_limited", Terms(times=3, seconds=1.5)),
    )


@pytest.mark.parametrize(
    ("written", "message"),
    [
        ("nonsense", "no fault is called 'nonsense'; docs/faults.md lists them"),
        ("answer_lost:chance=2", "answer_lost:chance=2.*Expected `float` <= 1"),
        ("answer_lost:often=2", "unknown field `often`"),
        ("answer_lost:times", "Expected `int"),
    ],
)
def test_faults_written_wrong_are_refused_in_one_line(written: str, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        parse_faults(written)
