"""What chaos plans to do, and how it does it to processes that may have gone already."""

import asyncio
import json
import os
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from cli.chaos.hand import Hand
from cli.chaos.plan import Blow, Deed, blows, faults, together
from cli.chaos.run import TARGETS, Torment
from cli.home import Home
from cli.supervisor.record import RecordedProcess, RunningSystem, read_record, recorded, write_record
from tests.unit.venue.scripted_server import reply, scripted

HALF_AN_HOUR_SECONDS = 1800.0
SLEEP = [sys.executable, "-S", "-c", "import time; time.sleep(600)"]


@pytest.fixture
def home(tmp_path: Path) -> Home:
    place = Home.at(tmp_path / "home")
    place.make()
    return place


@pytest.fixture
def bidder() -> Iterator[subprocess.Popen[bytes]]:
    process = subprocess.Popen(SLEEP)
    yield process
    process.kill()
    process.wait()


def write(home: Home, *processes: RecordedProcess) -> None:
    supervisor = recorded("up", os.getpid())
    assert supervisor
    write_record(
        home,
        RunningSystem(
            supervisor=supervisor,
            run_id="r",
            venue="sim",
            mode="live",
            account="sim:live:w",
            speed=1,
            started_at=datetime(2026, 11, 23, tzinfo=UTC),
            processes=processes,
        ),
    )


def known(process: subprocess.Popen[bytes], name: str = "bidder") -> RecordedProcess:
    found = recorded(name, process.pid)
    assert found
    return found


def state_of(pid: int) -> str:
    return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]


def test_one_seed_is_one_plan() -> None:
    assert list(blows(7, TARGETS, 600)) == list(blows(7, TARGETS, 600))
    assert list(blows(7, TARGETS, 600)) != list(blows(8, TARGETS, 600))


@pytest.mark.parametrize("seed", range(5))
def test_half_an_hour_brings_over_a_hundred_kills_in_order_of_time(seed: int) -> None:
    plan = list(blows(seed, TARGETS, HALF_AN_HOUR_SECONDS))
    assert [blow.at_seconds for blow in plan] == sorted(blow.at_seconds for blow in plan)
    assert plan[-1].at_seconds < HALF_AN_HOUR_SECONDS
    assert sum(blow.deed in {Deed.KILL, Deed.WIPE} for blow in plan) >= 100


def test_every_process_and_every_deed_has_its_turn() -> None:
    plan = [blow for seed in range(10) for blow in blows(seed, TARGETS, HALF_AN_HOUR_SECONDS)]
    killed = Counter(blow.target for blow in plan if blow.deed is Deed.KILL)
    assert killed.keys() == {*TARGETS.services, *TARGETS.servers, TARGETS.venue}
    assert {blow.deed for blow in plan} == set(Deed) - {Deed.FAULT}


def test_the_venues_faults_strike_beside_the_kills_by_a_seed_of_their_own() -> None:
    alone, faulty = list(blows(7, TARGETS, 600)), list(together(blows(7, TARGETS, 600), faults(4, 600)))
    assert [blow for blow in faulty if blow.deed is not Deed.FAULT] == alone
    assert [blow.at_seconds for blow in faulty] == sorted(blow.at_seconds for blow in faulty)
    assert len(faulty) - len(alone) > 50
    assert list(faults(None, 600)) == []


@pytest.mark.parametrize("seed", range(5))
def test_no_fault_is_on_when_the_quiet_begins(seed: int) -> None:
    for blow in faults(seed, 600):
        assert blow.at_seconds + blow.lasts_seconds <= 600


def test_only_what_ends_by_itself_lasts() -> None:
    for blow in blows(3, TARGETS, HALF_AN_HOUR_SECONDS):
        assert (blow.lasts_seconds > 0) == (blow.deed in {Deed.PAUSE, Deed.SWITCH_OFF})


async def test_a_kill_ends_the_process_that_the_record_names(home: Home, bidder: subprocess.Popen[bytes]) -> None:
    write(home, known(bidder))
    assert await Hand(home).strike(Blow(1, Deed.KILL, "bidder"))
    assert bidder.wait() == -9


async def test_a_process_that_took_over_the_id_is_left_alone(home: Home, bidder: subprocess.Popen[bytes]) -> None:
    write(home, known(bidder).model_copy(update={"start_ticks": 1}))
    assert not await Hand(home).strike(Blow(1, Deed.KILL, "bidder"))
    assert bidder.poll() is None


async def test_a_target_that_is_away_just_then_is_no_blow(home: Home) -> None:
    hand = Hand(home)
    write(home)
    for deed in (Deed.KILL, Deed.PAUSE, Deed.WIPE, Deed.FAULT):
        assert not await hand.strike(Blow(1, deed, "nats", 0.01))


async def test_a_paused_process_goes_on_afterwards(home: Home, bidder: subprocess.Popen[bytes]) -> None:
    write(home, known(bidder))
    assert await Hand(home).strike(Blow(1, Deed.PAUSE, "bidder", 0.01))
    assert state_of(bidder.pid) != "T"


async def test_a_fault_is_switched_on_at_the_simulator_for_its_time(
    home: Home, bidder: subprocess.Popen[bytes]
) -> None:
    async with scripted(lambda _: reply(200, "{}")) as simulator:
        write(home, known(bidder, "simulator"))
        system = read_record(home)
        assert system
        write_record(home, system.model_copy(update={"sim_url": simulator.origin}))
        assert await Hand(home).strike(Blow(1, Deed.FAULT, "answer_lost", 2.5, 0.4))
    (request,) = simulator.requests
    assert (request.path, json.loads(request.body)) == (
        "/sim/faults",
        {"name": "answer_lost", "terms": {"chance": 0.4, "seconds": 2.5}},
    )


async def test_an_end_in_the_middle_of_a_pause_leaves_nothing_paused(
    home: Home, bidder: subprocess.Popen[bytes]
) -> None:
    write(home, known(bidder))
    hand = Hand(home)
    pausing = asyncio.create_task(hand.strike(Blow(1, Deed.PAUSE, "bidder", 600)))
    while state_of(bidder.pid) != "T":
        await asyncio.sleep(0)
    pausing.cancel()
    hand.let_go()
    await asyncio.wait([pausing])
    assert state_of(bidder.pid) != "T"


async def test_wiping_the_bus_takes_its_files_along(home: Home, bidder: subprocess.Popen[bytes]) -> None:
    write(home, known(bidder, "nats"))
    stream = home.nats / "jetstream" / "stream.blk"
    stream.parent.mkdir(parents=True)
    stream.touch()
    assert await Hand(home).strike(Blow(1, Deed.WIPE, "nats"))
    assert bidder.wait() == -9
    assert not stream.exists()


def test_what_did_not_strike_is_counted_apart() -> None:
    torment = Torment()
    torment.note(Blow(1, Deed.KILL, "bidder"), is_struck=True)
    torment.note(Blow(2, Deed.WIPE, "nats"), is_struck=True)
    torment.note(Blow(3, Deed.PAUSE, "risk", 1), is_struck=True)
    torment.note(Blow(4, Deed.KILL, "bidder"), is_struck=False)
    assert (torment.kills, torment.missed, torment.struck["kill bidder"]) == (2, 1, 1)
