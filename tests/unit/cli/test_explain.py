"""The command answers from a file or from the log, and says in one line what it cannot do."""

import io
import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from cli.app import run
from cli.decision_log import instant_of
from cli.errors import EXIT_OK, EXIT_USAGE, CommandError
from tests.unit.lab.explain.cases import document

SLOT = datetime(2026, 4, 1, 12, tzinfo=UTC)


@pytest.fixture(autouse=True)
def empty_home(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("TDMAKER_HOME", str(tmp_path / "home"))


def written(folder: Path, cases: object) -> str:
    path = folder / "case.json"
    path.write_text(json.dumps(cases))
    return str(path)


def answered(path: str, capsys: pytest.CaptureFixture[str]) -> Any:
    assert run(["explain", "--case", path, "--json"]) == EXIT_OK
    return json.loads(capsys.readouterr().out)


def test_one_case_is_answered_by_one_object_of_plain_text(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    given = answered(written(tmp_path, document()), capsys)
    filters = given.pop("filters")
    assert given == {"decision": "bid", "reason": None, "price": "0.80", "shares": "6.25"}
    assert filters[3] == {"name": "bid in range", "value": "0.80", "limit": "0.75 to 0.85", "passed": True}


def test_a_list_of_cases_is_answered_by_a_list(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    given = answered(written(tmp_path, [document(), document(trading_state="halted")]), capsys)
    assert [(each["decision"], each["reason"]) for each in given] == [("bid", None), ("refuse", "HALTED")]
    assert answered(written(tmp_path, []), capsys) == []


def test_a_case_is_read_from_the_standard_input(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO(json.dumps(document())))
    assert answered("-", capsys)["decision"] == "bid"


def test_people_get_the_answer_and_a_table_of_filters(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = written(tmp_path, [document(), document(books__Up=None)])
    assert run(["explain", "--case", path]) == EXIT_OK
    shown = capsys.readouterr().out
    assert "case 1: entry of Up in btc-updown-15m-1775044800: bid 6.25 shares at 0.80" in shown
    assert "case 2: entry of Up in btc-updown-15m-1775044800: refuse (STALE_BOOK)" in shown
    assert "refused" in shown


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["explain"], "either MARKET or --case"),
        (["explain", "btc", "--case", "x.json"], "either MARKET or --case"),
        (["explain", "--case", "no-such-file.json"], "no-such-file.json: cannot be read"),
        (["explain", "--case", "-", "--at", "12:00"], "--at and --outcome go with MARKET"),
    ],
)
def test_what_cannot_be_answered_is_one_line(
    arguments: list[str], words: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(arguments) == EXIT_USAGE
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err.count("\n") == 1
    assert words in said.err


def test_a_bad_case_is_one_line_and_no_answer(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = written(tmp_path, [document(), document(strike=...)])
    assert run(["explain", "--case", path, "--json"]) == EXIT_USAGE
    assert capsys.readouterr() == ("", "tdmaker: case 2: strike: is missing\n")


@pytest.mark.parametrize(
    ("text", "slot", "expected"),
    [
        ("12:07", SLOT, "2026-04-01T12:07:00+00:00"),
        ("12:07:30", SLOT, "2026-04-01T12:07:30+00:00"),
        ("2026-04-01T12:07", SLOT, "2026-04-01T12:07:00+00:00"),
        ("2026-04-01T14:07+02:00", SLOT, "2026-04-01T12:07:00+00:00"),
        ("00:01", SLOT.replace(hour=23, minute=55), "2026-04-02T00:01:00+00:00"),
        ("23:59", SLOT.replace(hour=0), "2026-03-31T23:59:00+00:00"),
    ],
)
def test_a_time_of_the_day_is_the_one_nearest_to_the_slot(text: str, slot: datetime, expected: str) -> None:
    assert instant_of(text, slot).astimezone(UTC).isoformat() == expected


def test_a_time_that_is_none_is_refused() -> None:
    with pytest.raises(CommandError, match="--at noon: must be ISO 8601"):
        instant_of("noon", SLOT)
