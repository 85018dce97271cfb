"""A report tells the same of a recording, of the replay's files, and of what the replay itself summed up."""

from __future__ import annotations

from pathlib import Path

import pytest

from cli.app import run
from cli.errors import EXIT_OK, EXIT_USAGE
from lab.replay.output import write
from lab.replay.run import replay
from lab.report.replayed import UnreadableReplayError, read_folder, record_of
from lab.report.statistics import statistics_of
from shared.domain.money import NO_CASH
from shared.runtime.settings import load_settings

RECORDING = Path("venue_sim/recordings/btc15m_2026-04-01.jsonl.gz")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("replay") / "out"
    outcome = replay(RECORDING, load_settings(overrides={"ladder_rungs": 3}, environ={}))
    write(outcome, made)
    return made


def test_files_and_recording_tell_the_same(folder: Path) -> None:
    outcome = replay(RECORDING, load_settings(overrides={"ladder_rungs": 3}, environ={}))
    fresh, read = record_of(outcome, "x"), read_folder(folder)
    assert (fresh.trades, fresh.refusals, fresh.warning) == (read.trades, read.refusals, read.warning)
    totals = statistics_of(read).totals
    summary = outcome.summary
    assert (totals.wins, totals.losses) == (summary.wins, summary.losses)
    assert (totals.profit, totals.shadow_profit) == (summary.profit, summary.shadow_profit)
    assert dict(statistics_of(read).reasons) == dict(summary.reasons)
    assert totals.profit != NO_CASH


def test_a_synthetic_recording_is_warned_of(folder: Path) -> None:
    assert read_folder(folder).warning.startswith("The coin's prices are synthetic")


@pytest.mark.parametrize("name", ["fills.jsonl", "summary.json"])
def test_a_folder_that_is_no_replay_is_named(name: str, folder: Path, tmp_path: Path) -> None:
    for each in folder.iterdir():
        (tmp_path / each.name).write_bytes(each.read_bytes())
    (tmp_path / name).write_text('{"at": 1}\n')
    with pytest.raises(UnreadableReplayError, match=name):
        read_folder(tmp_path)
    (tmp_path / name).unlink()
    with pytest.raises(UnreadableReplayError, match="No such file"):
        read_folder(tmp_path)


def test_the_command_writes_the_page(folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "page.html"
    assert run(["report", str(folder), "--out", str(out)]) == EXIT_OK
    assert "closed positions" in capsys.readouterr().out
    assert out.read_text().startswith("<!doctype html>")


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--from", "yesterday"], "--from yesterday: must be ISO 8601"),
        (["--from", "2026-04-02", "--to", "2026-04-01"], "--to 2026-04-01 is not after --from 2026-04-02"),
        (["no-such-recording"], "no-such-recording"),
    ],
)
def test_what_cannot_be_reported_is_one_line(
    arguments: list[str], words: str, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    assert run(["report", *arguments, "--out", str(tmp_path / "x.html")]) == EXIT_USAGE
    said = capsys.readouterr()
    assert said.err.count("\n") == 1
    assert words in said.err
    assert not (tmp_path / "x.html").exists()
