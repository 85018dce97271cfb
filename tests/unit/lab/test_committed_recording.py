import gzip
import itertools
import os
import re
from decimal import Decimal
from pathlib import Path

import pytest

from lab.convert.__main__ import main
from tests.unit.lab.recordings import COMMITTED, Played, read

FIXTURES = os.environ.get("TDMAKER_FIXTURES")
SOURCE = "btc15m_bbo_2026-04-01"


@pytest.fixture(scope="module")
def played() -> Played:
    return read(COMMITTED)


def test_it_says_what_it_is_and_that_its_prices_are_made_up(played: Played) -> None:
    header = played.header
    assert (header["format"], header["version"], header["depth"]) == ("tdmaker-recording", 1, "top")
    assert (header["price_source"], header["licence"]) == ("synthetic", "MIT")
    assert "polymarket-backtest" in header["attribution"]
    assert {frame["payload"]["source"] for frame in played.payloads("price")} == {"synthetic"}


def test_time_never_goes_back(played: Played) -> None:
    instants = [line["t"] for line in played.lines]
    assert instants == sorted(instants)


def test_it_holds_the_two_whole_slots_and_both_ended_down(played: Played) -> None:
    told = [
        (slot["slug"], slot["end"] - slot["start"], slot["whole"], slot["winner"]) for slot in played.header["slots"]
    ]
    assert told == [("btc-updown-15m-1775029500", 900, True, 1), ("btc-updown-15m-1775030400", 900, True, 1)]


def test_every_book_belongs_to_a_slot_and_is_one_level_a_side_at_most(played: Played) -> None:
    tokens = {token: slot["condition_id"] for slot in played.header["slots"] for token in slot["tokens"]}
    for book in (frame for frame in played.payloads("clob.market") if frame["event_type"] == "book"):
        assert tokens[book["asset_id"]] == book["market"]
        assert len(book["bids"]) <= 1
        assert len(book["asks"]) <= 1
        bids, asks = ([Decimal(level["price"]) for level in book[side]] for side in ("bids", "asks"))
        assert all(0 < price < 1 for price in bids + asks)
        assert not bids or not asks or bids[0] < asks[0]


def test_no_book_repeats_what_the_token_showed_already(played: Played) -> None:
    shown: dict[str, object] = {}
    for book in (frame for frame in played.payloads("clob.market") if frame["event_type"] == "book"):
        top = book["bids"], book["asks"]
        assert shown.get(book["asset_id"]) != top
        shown[book["asset_id"]] = top


def test_ids_and_numbers_of_books_are_text(played: Played) -> None:
    for slot in played.header["slots"]:
        assert all(re.fullmatch(r"\d{60,78}", token) for token in slot["tokens"])
        assert re.fullmatch(r"0x[0-9a-f]{64}", slot["condition_id"])


def test_a_token_leaves_the_cent_only_after_its_tick_changed(played: Played) -> None:
    fine: set[str] = set()
    for frame in played.payloads("clob.market"):
        if frame["event_type"] == "tick_size_change":
            fine.add(frame["asset_id"])
        elif any(Decimal(level["price"]) % Decimal("0.01") for level in frame["bids"] + frame["asks"]):
            assert frame["asset_id"] in fine


def test_a_price_comes_every_second_from_before_the_first_strike_to_after_the_last_end(played: Played) -> None:
    first, last = played.header["slots"][0], played.header["slots"][-1]
    spots, averages = sorted(played.spots()), sorted(played.averages())
    assert spots == list(range(spots[0], spots[-1] + 1))
    assert averages == list(range(averages[0], averages[-1] + 1))
    assert averages[0] <= first["start"] - 70
    assert averages[-1] >= last["end"] + 60


def test_the_average_is_the_mean_of_the_last_sixty_spots(played: Played) -> None:
    spots = played.spots()
    for second, average in played.averages().items():
        mean = sum((spots[second - back] for back in range(60)), Decimal(0)) / 60
        assert abs(mean - average) <= Decimal("0.00005")


def test_the_averages_settle_each_slot_as_it_was_recorded(played: Played) -> None:
    averages = played.averages()
    for slot in played.header["slots"]:
        up_won = averages[slot["end"]] >= averages[slot["start"]]
        assert slot["winner"] == (0 if up_won else 1)


def test_the_price_moves_like_a_coin_and_with_the_book(played: Played) -> None:
    spots = played.spots()
    steps = [abs(later / earlier - 1) for earlier, later in itertools.pairwise(spots.values())]
    assert max(steps) < Decimal("0.001")
    for slot in played.header["slots"]:
        strike = played.averages()[slot["start"]]
        up = slot["tokens"][0]
        for line in played.lines:
            book = line["payload"]
            if line["source"] != "clob.market" or book["event_type"] != "book" or book["asset_id"] != up:
                continue
            second = line["t"] // 1000
            if (
                slot["start"] < second < slot["end"]
                and book["asks"]
                and Decimal(book["asks"][0]["price"]) < Decimal("0.2")
            ):
                assert spots[second] < strike


@pytest.mark.skipif(FIXTURES is None, reason="TDMAKER_FIXTURES is not set: the source of the recording is not at hand")
def test_converting_the_source_again_gives_the_committed_file(tmp_path: Path) -> None:
    out = tmp_path / "again.jsonl.gz"
    assert main([SOURCE, str(Path(FIXTURES or "") / SOURCE), str(out), "--whole-only"]) == 0
    # The content to the byte; the packed bytes may differ where Python was built with another zlib.
    assert gzip.decompress(out.read_bytes()) == gzip.decompress(COMMITTED.read_bytes())
    no_name_no_time = b"\x1f\x8b\x08\x00\x00\x00\x00\x00"
    assert COMMITTED.read_bytes()[:8] == out.read_bytes()[:8] == no_name_no_time
