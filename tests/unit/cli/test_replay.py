"""`tdmaker replay` as a person or a script meets it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from cli.app import run
from tests.unit.lab.replay.tape import MINUTE, Tape

COMMITTED = "venue_sim/recordings/btc15m_2026-04-01.jsonl.gz"
FILES = ["decisions.jsonl", "fills.jsonl", "orders.jsonl", "settlements.jsonl", "shadows.jsonl", "summary.json"]


def summary(capsys: pytest.CaptureFixture[str], *arguments: str) -> dict[str, Any]:
    assert run(["replay", *arguments, "--json"]) == 0
    return json.loads(capsys.readouterr().out)


def test_two_runs_write_the_same_bytes(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for out in ("first", "second"):
        summary(capsys, COMMITTED, "--out", str(tmp_path / out), "--stoploss-peak", "0.75", "--stoploss-exit", "0.40")
    assert sorted(path.name for path in (tmp_path / "first").iterdir()) == FILES
    for name in FILES:
        assert (tmp_path / "first" / name).read_bytes() == (tmp_path / "second" / name).read_bytes()


def test_the_files_say_what_the_summary_says(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    told = summary(capsys, COMMITTED, "--out", str(tmp_path))
    assert json.loads((tmp_path / "summary.json").read_text()) == told
    fills = [json.loads(line) for line in (tmp_path / "fills.jsonl").read_text().splitlines()]
    assert len(fills) == told["fills"] == 2
    decisions = [json.loads(line) for line in (tmp_path / "decisions.jsonl").read_text().splitlines()]
    refused = [each for each in decisions if each["verdict"] == "refused"]
    assert sum(each["repeats"] for each in refused) == sum(told["reasons"].values())
    assert {"name": "bid in range", "value": "0.45", "limit": "0.75 to 0.85", "passed": False} in refused[0]["filters"]


def test_a_table_is_printed_for_people(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["replay", COMMITTED]) == 0
    printed = capsys.readouterr()
    for words in ("BID_OUT_OF_RANGE", "synthetic", "not tripped", "shadow taker's profit"):
        assert words in printed.out
    assert printed.err == ""


def test_the_production_profile_asks_for_more(capsys: pytest.CaptureFixture[str]) -> None:
    told = summary(capsys, COMMITTED, "--profile", "production")
    assert (told["fills"], "INSUFFICIENT_MOVE" in told["reasons"]) == (0, True)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        pytest.param(["{tape}", "--max-bid", "0.5"], "max_bid=0.5 is below target_bid", id="contradiction"),
        pytest.param(["{tape}", "--live"], "a replay is on paper", id="live"),
        pytest.param(["{tape}", "--symbols", "eth"], "no slot can be played", id="other coin"),
        pytest.param(["{cut}"], "ends early", id="cut off"),
        pytest.param(["{back}"], "time goes back", id="time goes back"),
        pytest.param(["{folder}"], "holds no journal", id="no journal"),
    ],
)
def test_what_cannot_be_replayed_is_one_line_and_exit_code_2(
    arguments: list[str], words: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    tape = Tape().quiet(1000, 15 * MINUTE, "0.80", "0.81").write(tmp_path)
    cut = tmp_path / "cut.jsonl.gz"
    cut.write_bytes(tape.read_bytes()[:-10])
    back = Tape().book(1, "0.4", None).book(0, "0.4", None).write(tmp_path, "back.jsonl.gz")
    named = {"tape": str(tape), "cut": str(cut), "back": str(back), "folder": str(tmp_path)}
    assert run(["replay", *(each.format(**named) for each in arguments)]) == 2
    printed = capsys.readouterr()
    assert words in printed.err
    assert (printed.out, printed.err.count("\n")) == ("", 1)
