"""What is read out of a recording, and what is refused in one line."""

import gzip
from pathlib import Path
from typing import Any

import pytest

from lab.replay.frames import BadRecordingError, Event, PriceSeen, TopSeen, open_frames
from tests.unit.lab.replay.tape import DOWN, MARKET, START, UP, Tape

MANY = 10_000


def events(path: Path) -> list[Event]:
    return list(open_frames(path).events())


def tops(path: Path) -> list[tuple[str, str | None, str | None]]:
    return [
        (each.token, each.bid.price if each.bid else None, each.ask.price if each.ask else None)
        for each in events(path)
        if isinstance(each, TopSeen)
    ]


def refusal(path: Path) -> str:
    with pytest.raises(BadRecordingError) as refused:
        events(path)
    assert str(path) in str(refused.value)
    assert "\n" not in str(refused.value)
    return str(refused.value)


def test_books_and_prices_come_in_the_files_order(tmp_path: Path) -> None:
    heard = events(Tape().spot(0, "68000.5").book(5, "0.45", "0.46").spot(5, "68001").write(tmp_path))
    assert [type(each).__name__ for each in heard] == ["PriceSeen", "TopSeen", "PriceSeen"]
    assert isinstance(heard[0], PriceSeen)
    assert (heard[0].coin, str(heard[0].price), heard[0].at) == ("btc", "68000.5", START * 1000)


def test_an_empty_side_is_no_price(tmp_path: Path) -> None:
    assert tops(Tape().book(0, None, "0.46").book(1, "0.45", None).write(tmp_path)) == [
        (UP, None, "0.46"),
        (UP, "0.45", None),
    ]


@pytest.mark.parametrize("price", ["0", "1", "1.5"])
def test_a_price_of_nought_or_one_is_no_level(tmp_path: Path, price: str) -> None:
    assert tops(Tape().book(0, price, price).write(tmp_path)) == [(UP, None, None)]


def test_a_level_without_shares_is_no_level(tmp_path: Path) -> None:
    assert tops(Tape().book(0, "0.45", "0.46", size="0").write(tmp_path)) == [(UP, None, None)]


def change(price: str, size: str, side: str, token: str = UP) -> dict[str, str]:
    return {"asset_id": token, "price": price, "size": size, "side": side}


def changed(*each: dict[str, str]) -> dict[str, Any]:
    return {"event_type": "price_change", "market": MARKET, "price_changes": list(each), "timestamp": "0"}


def test_changes_of_whole_books_move_the_best_prices(tmp_path: Path) -> None:
    levels = [{"price": price, "size": "5"} for price in ("0.40", "0.44", "0.45")]
    asks = [{"price": price, "size": "5"} for price in ("0.50", "0.46")]
    whole = {"event_type": "book", "market": MARKET, "asset_id": UP, "bids": levels, "asks": asks, "timestamp": "0"}
    tape = Tape(header={"depth": "full"}).frame(0, "clob.market", whole)
    tape.frame(1, "clob.market", changed(change("0.45", "0", "BUY")))
    tape.frame(2, "clob.market", changed(change("0.47", "9", "BUY"), change("0.46", "0", "SELL")))
    assert tops(tape.write(tmp_path)) == [(UP, "0.45", "0.46"), (UP, "0.44", "0.46"), (UP, "0.47", "0.50")]


def test_a_change_of_a_book_that_nobody_saw_whole_is_passed_over(tmp_path: Path) -> None:
    tape = Tape().frame(0, "clob.market", changed(change("0.45", "5", "BUY", DOWN)))
    assert tops(tape.write(tmp_path)) == []


def test_an_array_of_frames_on_one_line_is_read_as_so_many(tmp_path: Path) -> None:
    each = [Tape().book(0, bid, None, token).lines[0]["payload"] for bid, token in (("0.45", UP), ("0.54", DOWN))]
    assert tops(Tape().frame(0, "clob.market", each).write(tmp_path)) == [(UP, "0.45", None), (DOWN, "0.54", None)]


@pytest.mark.parametrize(
    "payload",
    [
        pytest.param({"event_type": "book", "asset_id": UP, "bids": "none"}, id="no list"),
        pytest.param({"event_type": "book", "asset_id": UP, "bids": [{"price": 0.4, "size": "5"}]}, id="a number"),
        pytest.param({"event_type": "book", "asset_id": UP, "bids": [{"price": "a", "size": "5"}]}, id="no price"),
        pytest.param({"event_type": "book", "asset_id": UP, "bids": [{"price": "NaN", "size": "5"}]}, id="not finite"),
        pytest.param("text", id="no object"),
    ],
)
def test_a_frame_that_cannot_be_read_is_counted_and_passed_over(tmp_path: Path, payload: object) -> None:
    frames = open_frames(Tape().frame(0, "clob.market", payload).book(1, "0.45", None).write(tmp_path))
    assert [type(each) for each in frames.events()] == [TopSeen]
    assert frames.counts.malformed == 1


def test_unknown_sources_and_frames_are_counted_or_passed_over(tmp_path: Path) -> None:
    tape = Tape().frame(0, "moon", {"bids": 3}).frame(1, "gamma", {"bids": 3})
    frames = open_frames(tape.frame(2, "clob.market", {"event_type": "new_market"}).write(tmp_path))
    assert list(frames.events()) == []
    assert (frames.counts.unknown_sources, frames.counts.malformed) == (1, 0)


def test_gaps_of_more_than_a_minute_are_counted(tmp_path: Path) -> None:
    frames = open_frames(
        Tape().book(0, "0.4", None).book(60_000, "0.4", None).book(120_001, "0.4", None).write(tmp_path)
    )
    assert len(list(frames.events())) == 3
    assert (frames.counts.gaps, frames.counts.longest_gap_ms) == (1, 60_001)


def test_time_going_back_is_refused_with_its_instant(tmp_path: Path) -> None:
    assert f"time goes back by 1 ms after {START * 1000 + 1}" in refusal(
        Tape().book(1, "0.4", None).book(0, "0.4", None).write(tmp_path)
    )


def test_a_file_that_was_cut_off_is_refused(tmp_path: Path) -> None:
    path = Tape().quiet(0, 100 * MANY, "0.4", None).write(tmp_path)
    path.write_bytes(path.read_bytes()[:-20])
    assert "ends early" in refusal(path)


@pytest.mark.parametrize(
    ("content", "word"),
    [
        pytest.param(b"not gzip", "cannot be read", id="no gzip"),
        pytest.param(gzip.compress(b""), "empty", id="nothing inside"),
        pytest.param(gzip.compress(b"[]\n"), "line 1", id="no header"),
        pytest.param(
            gzip.compress(b'{"t":0,"source":"price","payload":{}}\n'), "no header but price", id="price first"
        ),
        pytest.param(gzip.compress(Tape(header={"version": 2}).text()), "line 1", id="other version"),
        pytest.param(gzip.compress(Tape(header={"format": "other"}).text()), "line 1", id="other format"),
        pytest.param(gzip.compress(Tape().text() + b"{oops\n"), "line 2", id="no JSON"),
        pytest.param(gzip.compress(Tape().text() + b'{"source":"price"}\n'), "line 2", id="no instant"),
    ],
)
def test_what_is_no_recording_is_refused_in_one_line(tmp_path: Path, content: bytes, word: str) -> None:
    path = tmp_path / "bad.jsonl.gz"
    path.write_bytes(content)
    assert word in refusal(path)


def test_a_missing_file_is_refused_in_one_line(tmp_path: Path) -> None:
    assert "cannot be read" in refusal(tmp_path / "none.jsonl.gz")
