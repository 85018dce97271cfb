"""What an `up` decides by itself, and what it leaves as it was told."""

import gzip
import json
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from cli.origin import new_origin
from cli.supervisor.environment import SERVICES, service_environment
from cli.supervisor.plan import Flow, Plan, make_plan
from shared.runtime.settings import Settings, load_settings

NOON = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)


class FixedClock:
    """Stands still."""

    def __init__(self, instant: datetime) -> None:
        self._instant = instant

    def now(self) -> datetime:
        return self._instant

    def wall(self) -> datetime:
        return self._instant

    def monotonic_seconds(self) -> float:
        return 0.0


def plan(flow: Flow | None = None, /, **given: object) -> Plan:
    def load(more: Mapping[str, object]) -> Settings:
        return load_settings(None, {**given, **more}, {})

    return make_plan(load, flow or Flow(), None)


def recording(path: Path, *coins: str) -> Path:
    header: dict[str, Any] = {"source": "header", "payload": {"slots": [{"coin": coin} for coin in coins]}}
    with gzip.open(path, "wt") as file:
        file.write(json.dumps(header) + "\n")
    return path


def test_time_hurries_at_the_simulator_alone() -> None:
    assert plan().settings.speed == 10
    assert plan(speed="2").settings.speed == 2
    assert plan(Flow(seed=7)).settings.speed == 10
    assert plan(venue="polymarket").settings.speed == 1
    assert (plan().settings.clock, plan(venue="polymarket").settings.clock) == ("announced", "real")


def test_a_recording_decides_what_is_traded_unless_the_operator_does(tmp_path: Path) -> None:
    flow = Flow(recording=recording(tmp_path / "r.jsonl.gz", "eth", "sol", "eth"))
    assert plan(flow).settings.symbols == ("eth", "sol")
    assert plan(flow, symbols="xrp").settings.symbols == ("xrp",)


def test_a_recording_that_cannot_be_read_is_left_for_the_simulator_to_refuse(tmp_path: Path) -> None:
    (tmp_path / "broken.jsonl.gz").write_bytes(b"not gzip")
    assert plan(Flow(recording=tmp_path / "broken.jsonl.gz")).settings.symbols == ("btc", "eth", "sol", "xrp")


def test_the_simulator_is_told_what_to_play(tmp_path: Path) -> None:
    file = recording(tmp_path / "r.jsonl.gz", "btc")
    assert plan(Flow(recording=file)).simulator_options()[:2] == ["--recording", str(file)]
    faulty = plan(Flow(recording=file, faults="answer_lost:times=1", fault_seed=4)).simulator_options()
    assert faulty[-4:] == ["--faults", "answer_lost:times=1", "--fault-seed", "4"]
    seeded = plan(Flow(seed=7), slot_duration="both", symbols="btc,eth").simulator_options()
    assert seeded[:6] == ["--seed", "7", "--coins", "btc,eth", "--durations", "15m,5m"]


def test_a_simulator_that_was_named_is_not_started_again() -> None:
    assert plan().own_simulator
    assert not plan(sim_url="http://127.0.0.1:9999").own_simulator


def test_each_secret_reaches_those_alone_that_need_it(tmp_path: Path) -> None:
    files = {
        "private_key_file": {"executor"},
        "api_credentials_file": {"control", "discovery", "executor", "fills", "risk"},
        "relayer_key_file": {"executor"},
        "control_token_file": {"control"},
        "telegram_token_file": {"notifier"},
    }
    settings = plan(**{name: str(tmp_path / name) for name in files}).settings
    for name, readers in files.items():
        variable = f"TDMAKER_{name.upper()}"
        assert {s for s in SERVICES if variable in service_environment(s, settings, 1)} == readers


def test_a_service_reads_back_the_settings_it_was_told() -> None:
    settings = plan(symbols="btc,sol", max_bid="0.81", telegram_chat_id="5", speed="20").settings
    told = service_environment("bidder", settings, 4711)
    read = load_settings(None, {}, {name: text for name, text in told.items() if name.startswith("TDMAKER_")})
    assert read == settings.model_copy(update={"http_port": 4711})


@pytest.mark.parametrize(
    ("now", "latest_end", "begins"),
    [
        (NOON, None, NOON),
        (NOON + timedelta(seconds=1), None, NOON + timedelta(minutes=15)),
        (NOON, NOON + timedelta(minutes=45), NOON + timedelta(minutes=45)),
        (NOON, NOON - timedelta(days=1), NOON),
        (NOON, NOON + timedelta(minutes=20), NOON + timedelta(minutes=30)),
    ],
    ids=["on the slot", "just after", "after what was traded", "long ago", "after a five-minute slot"],
)
def test_time_begins_twenty_seconds_before_a_slot_that_nobody_traded(
    now: datetime, latest_end: datetime | None, begins: datetime
) -> None:
    origin = new_origin(FixedClock(now), latest_end, 10.0)
    assert origin.domain == begins - timedelta(seconds=20)
    assert (origin.wall, origin.speed) == (now, 10.0)
