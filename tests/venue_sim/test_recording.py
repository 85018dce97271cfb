"""Reading recordings: one outcome's books speak for the market, and what is damaged is named."""

from pathlib import Path

import pytest

from tests.venue_sim.recordings import Tape, write_lines
from venue_sim.recording import BookState, CorruptRecordingError, Print, load
from venue_sim.units import UNIT


def test_only_whole_slots_are_played(tmp_path: Path) -> None:
    tape = Tape(winners=(0, 1, None), whole=(False, True, True))

    recording = load(tape.write(tmp_path / "r.jsonl.gz"))

    assert [slot.header.winner for slot in recording.whole("btc", 900)] == [1, None]
    assert recording.series() == [("btc", 900)]


def test_up_s_books_speak_for_the_market_and_down_s_are_left_out(tmp_path: Path) -> None:
    tape = Tape()
    tape.book(1, 0, 0, {"0.78": "100.129"}, {"0.80": "50"})
    tape.book(1.1, 0, 1, {"0.21": "7"}, {"0.23": "8"})

    events = load(tape.write(tmp_path / "r.jsonl.gz")).slots[0].events

    assert events == [(1000, BookState({7800: 100_120_000}, {8000: 50 * UNIT}))]


def test_a_slot_with_down_s_books_only_is_turned_into_the_up_frame(tmp_path: Path) -> None:
    tape = Tape()
    tape.book(1, 0, 1, {"0.20": "7"}, {"0.22": "8"})

    events = load(tape.write(tmp_path / "r.jsonl.gz")).slots[0].events

    assert events == [(1000, BookState({7800: 8 * UNIT}, {8000: 7 * UNIT}))]


def test_changes_and_trades_build_on_the_last_book(tmp_path: Path) -> None:
    tape = Tape(depth="full")
    tape.book(1, 0, 0, {"0.78": "10", "0.77": "5"}, {"0.80": "50"})
    tape.change(2, tape.token(0, 0), "BUY", "0.78", "0")
    tape.change(3, tape.token(0, 0), "SELL", "0.79", "4")
    tape.trade(4, tape.token(0, 0), "SELL", "0.77", "5")

    events = load(tape.write(tmp_path / "r.jsonl.gz")).slots[0].events

    assert [event for _, event in events[1:]] == [
        BookState({7700: 5 * UNIT}, {8000: 50 * UNIT}),
        BookState({7700: 5 * UNIT}, {8000: 50 * UNIT, 7900: 4 * UNIT}),
        Print("ask", 7700, 5 * UNIT),
    ]


def test_what_is_not_a_recording_is_named(tmp_path: Path) -> None:
    path = tmp_path / "bad.jsonl.gz"
    path.write_bytes(b"not gzip at all")
    with pytest.raises(CorruptRecordingError, match="cannot be read"):
        load(path)
    with pytest.raises(CorruptRecordingError, match="cannot be read"):
        load(tmp_path / "missing.jsonl.gz")
    whole = Tape().write(tmp_path / "cut.jsonl.gz")
    whole.write_bytes(whole.read_bytes()[:-12])
    with pytest.raises(CorruptRecordingError, match="cannot be read"):
        load(whole)


@pytest.mark.parametrize(
    ("lines", "complaint"),
    [
        pytest.param([], "empty", id="nothing"),
        pytest.param([(1, "clob.market", {"event_type": "book"})], "line 1: .*header", id="no header"),
        pytest.param([(1, "header", {"format": "other"})], "line 1", id="another format"),
    ],
)
def test_a_recording_without_a_proper_header_is_refused(
    tmp_path: Path, lines: list[tuple[int, str, object]], complaint: str
) -> None:
    with pytest.raises(CorruptRecordingError, match=complaint):
        load(write_lines(tmp_path / "r.jsonl.gz", lines))


def test_time_running_backwards_is_refused(tmp_path: Path) -> None:
    path = Tape().write(tmp_path / "r.jsonl.gz")
    tape = Tape()
    tape.average(5, "1")
    tape.average(1, "1")
    header = [(0, "header", tape_header(path))]

    with pytest.raises(CorruptRecordingError, match=r"line 3: .*backwards"):
        load(write_lines(path, [*header, *tape.lines]))


def tape_header(path: Path) -> object:
    import gzip
    import json

    return json.loads(gzip.open(path).readline())["payload"]
