import csv
import gzip
import io
import json
from collections.abc import Callable, Iterable, Sequence
from decimal import Decimal
from pathlib import Path

import pytest

from lab.convert.__main__ import main
from lab.convert.recording import Frame, Recording, Slot, stand_in_tokens, with_coverage, write
from lab.convert.synthetic import SeedDoesNotSettleError, average_at, spot_path
from lab.convert.tops import ChangedTops, Top, without_sizes
from tests.unit.lab.recordings import Played, read

START = 1_700_000_100
SLUG = f"btc-updown-15m-{START}"
SLOT = Slot(SLUG, stand_in_tokens(SLUG), "0xc0", winner=1)


def table(path: Path, columns: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    text = io.StringIO()
    csv.writer(text).writerows([columns, *rows])
    content = text.getvalue().encode()
    path.write_bytes(gzip.compress(content) if path.suffix == ".gz" else content)


def lines(path: Path, objects: Iterable[object]) -> None:
    path.write_bytes(gzip.compress("".join(json.dumps(each) + "\n" for each in objects).encode()))


def converted(source: str, folder: Path, *options: str) -> Played:
    out = folder / "out.jsonl.gz"
    assert main([source, str(folder), str(out), *options]) == 0
    return read(out)


CHAINLINK_COLUMNS = ("Timestamp", "Price_Stream", "Strike_Price", "Best_Bid", "Best_Ask", "Slug")


def test_a_strike_above_the_last_one_makes_up_the_winner(tmp_path: Path) -> None:
    next_slug = f"btc-updown-15m-{START + 900}"
    rows = [
        ("2023-11-14T22:15:05+00:00", "100.5", "100", "0.60", "0.61", SLUG),
        ("2023-11-14T22:30:05+00:00", "101.5", "101", "0.50", "0.52", next_slug),
    ]
    table(tmp_path / "polymarket_btc_15m.csv", CHAINLINK_COLUMNS, rows)
    played = converted("crypto15m_bbo_chainlink_2026-01-09", tmp_path)
    assert [slot["winner"] for slot in played.header["slots"]] == [0, None]
    down = [book for book in played.payloads("clob.market") if book["asset_id"] == stand_in_tokens(SLUG)[1]]
    assert (down[0]["bids"][0]["price"], down[0]["asks"][0]["price"]) == ("0.39", "0.4")
    assert played.payloads("price")[0]["payload"]["source"] == "chainlink"


def test_a_second_without_a_quote_still_has_its_price(tmp_path: Path) -> None:
    columns = ("timestamp", "spot_price", "m15_buy", "m15_sell", "m15_spread_up")
    rows = [
        ("2025-11-03T00:30:01.000Z", "110332.57", "", "", ""),
        ("2025-11-03T00:30:02.000Z", "110332.58", "0.41", "0.59", "0.13"),
    ]
    table(tmp_path / "BTC.csv.gz", columns, rows)
    played = converted("crypto15m_quotes_1s_2025-11-03", tmp_path)
    assert len(played.payloads("price")) == 2
    books = played.payloads("clob.market")
    assert [(book["bids"][0]["price"], book["asks"][0]["price"]) for book in books] == [
        ("0.28", "0.41"),
        ("0.59", "0.72"),
    ]


TICK_COLUMNS = ("ms_since_candle_start", "event_type", "side", "up_bid", "up_ask", "dn_bid", "dn_ask")


def test_rows_of_the_publishers_own_bot_are_no_books(tmp_path: Path) -> None:
    rows = [
        (2762, "TICK", "Up", "0.52", "0.54", "", ""),
        (2800, "ENTRY_DRY", "Up", "0.10", "0.20", "0.80", "0.90"),
        (299000, "TICK", "Down", "0.99", "1.0", "0.0", "0.01"),
    ]
    table(tmp_path / "candle_btc_20260422_0215.csv.gz", TICK_COLUMNS, rows)
    played = converted("crypto5m_bbo_ticks_2026-04-22", tmp_path)
    [slot] = played.header["slots"]
    assert (slot["slug"], slot["winner"]) == ("btc-updown-5m-1776824100", 0)
    assert [book["bids"] and book["bids"][0]["price"] for book in played.payloads("clob.market")] == [
        "0.52",
        "0.99",
        [],
    ]


def test_a_settlement_price_keeps_its_eighteen_decimals(tmp_path: Path) -> None:
    columns = ("feed_ts_ms", "value", "full_accuracy_value", "server_ts_ms", "recv_ms")
    row = (1780876800000, 63304.2, "63304200301195075000001", 1780876800939, 1780876801156)
    table(tmp_path / "BTCUSD-prices-2026-06-08.csv.gz", columns, [row])
    market = {
        "slug": "btc-updown-5m-1780876500",
        "condition_id": "0xab",
        "token_ids": ["11", "22"],
        "resolved": True,
        "outcome_prices": ["1", "0"],
        "raw": {"closedTime": "2026-06-08 00:00:16+00"},
    }
    lines(tmp_path / "BTC-5m-markets-2026-06-08.jsonl.gz", [market])
    played = converted("btc5m_chainlink_and_gamma_2026-06-08", tmp_path)
    [frame] = played.payloads("price")
    assert frame["payload"]["full_accuracy_value"] == "63304.200301195075000001"
    assert (frame["ts"], played.header["slots"][0]["winner"]) == (1780876800939, 0)
    assert played.payloads("gamma") == [market["raw"]]


def test_feeds_keep_their_own_names_and_arrive_in_order(tmp_path: Path) -> None:
    tick = {"asset": "ETH", "price": 2292.5, "msg_ts_ms": 1777329564966}
    ticks = [
        tick | {"source": "chainlink_rtds", "recv_ts_ms": 1777329565900},
        tick | {"source": "binance_direct", "recv_ts_ms": 1777329564970},
    ]
    lines(tmp_path / "feed_latency_ticks.jsonl.gz", ticks)
    played = converted("price_feed_latency_ticks_2026-04-27", tmp_path)
    assert [frame["payload"]["source"] for frame in played.payloads("price")] == ["binance-direct", "chainlink"]
    assert {frame["payload"]["symbol"] for frame in played.payloads("price")} == {"ethusd"}


def damaged_gzip(folder: Path) -> None:
    table(folder / "candle_btc_20260422_0215.csv.gz", TICK_COLUMNS, [(1, "TICK", "Up", "0.5", "0.6", "", "")] * 500)
    whole = (folder / "candle_btc_20260422_0215.csv.gz").read_bytes()
    (folder / "candle_btc_20260422_0215.csv.gz").write_bytes(whole[: len(whole) // 2])


def no_gzip(folder: Path) -> None:
    (folder / "candle_btc_20260422_0215.csv.gz").write_bytes(b"hello")


def no_column(folder: Path) -> None:
    table(folder / "candle_btc_20260422_0215.csv.gz", TICK_COLUMNS[1:], [])


def no_number(folder: Path) -> None:
    table(folder / "candle_btc_20260422_0215.csv.gz", TICK_COLUMNS, [(1, "TICK", "Up", "cheap", "0.6", "", "")])


def no_finite_number(folder: Path) -> None:
    table(folder / "candle_btc_20260422_0215.csv.gz", TICK_COLUMNS, [("NaN", "TICK", "Up", "0.5", "0.6", "", "")])


def short_row(folder: Path) -> None:
    table(folder / "candle_btc_20260422_0215.csv.gz", TICK_COLUMNS, [(1, "TICK")])


def no_text(folder: Path) -> None:
    (folder / "candle_btc_20260422_0215.csv.gz").write_bytes(gzip.compress(b"\xff\xfe\xff"))


def strange_name(folder: Path) -> None:
    table(folder / "candle_btc_sometime.csv.gz", TICK_COLUMNS, [])


def empty_folder(folder: Path) -> None:
    assert folder.is_dir()


@pytest.mark.parametrize(
    ("damage", "named"),
    [
        (damaged_gzip, "damaged or cut short"),
        (no_gzip, "damaged or cut short"),
        (no_column, "no column ms_since_candle_start"),
        (no_number, ":2: up_bid is not a number: 'cheap'"),
        (no_finite_number, ":2: ms_since_candle_start is not a number"),
        (short_row, ":2: wrong number of columns"),
        (no_text, "not UTF-8"),
        (strange_name, "the name does not tell"),
        (empty_folder, "is this the right folder?"),
    ],
)
def test_corrupt_input_is_one_line_that_names_the_place_and_leaves_no_file(
    damage: Callable[[Path], None], named: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    damage(tmp_path)
    out = tmp_path / "out.jsonl.gz"
    assert main(["crypto5m_bbo_ticks_2026-04-22", str(tmp_path), str(out)]) == 1
    said = capsys.readouterr().err
    assert named in said
    assert said.count("\n") == 1
    assert not out.exists()


def test_an_unknown_source_or_folder_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["weather", str(tmp_path), "out.jsonl.gz"])
    assert "invalid choice: 'weather'" in capsys.readouterr().err
    assert main(["price_feed_latency_ticks_2026-04-27", str(tmp_path / "none"), "out.jsonl.gz"]) == 1
    assert "no such folder" in capsys.readouterr().err


def test_a_place_that_cannot_be_written_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    table(tmp_path / "candle_btc_20260422_0215.csv.gz", TICK_COLUMNS, [])
    assert main(["crypto5m_bbo_ticks_2026-04-22", str(tmp_path), str(tmp_path / "no" / "out.jsonl.gz")]) == 1
    assert "cannot write" in capsys.readouterr().err


def test_writing_twice_gives_the_same_bytes(tmp_path: Path) -> None:
    recording = Recording([Frame(2, "price", {"n": 2}), Frame(1, "price", {"n": 1})], [SLOT], "me")
    write(recording, tmp_path / "a.jsonl.gz")
    write(recording, tmp_path / "b.jsonl.gz")
    assert (tmp_path / "a.jsonl.gz").read_bytes() == (tmp_path / "b.jsonl.gz").read_bytes()
    assert [line["t"] for line in read(tmp_path / "a.jsonl.gz").lines] == [1, 1, 2]


@pytest.mark.parametrize(
    ("seen", "whole"),
    [
        pytest.param([*range(START, START + 900, 30), START + 899], True, id="watched from edge to edge"),
        pytest.param([START - 5, *range(START + 50, START + 951, 50)], True, id="watched beyond both edges"),
        pytest.param([*range(START + 16, START + 900, 30), START + 899], False, id="begun late"),
        pytest.param([*range(START, START + 880, 30)], False, id="ended early"),
        pytest.param([*range(START, START + 300, 30), *range(START + 400, START + 900, 30)], False, id="a gap"),
        pytest.param([START - 100], False, id="never watched"),
    ],
)
def test_a_slot_is_whole_when_it_was_watched_all_the_time(seen: list[int], whole: bool) -> None:
    assert with_coverage(SLOT, [second * 1000 for second in seen]).whole is whole


def test_a_repeated_top_is_seen_but_not_written() -> None:
    tops = ChangedTops()
    for t in (1, 2, 3):
        tops.see(t, "0xc0", "7", without_sizes(Decimal("0.5"), Decimal("0.52" if t < 3 else "0.53")))
    assert [frame.t for frame in tops.frames] == [1, 3]
    assert tops.watched("0xc0") == [1, 2, 3]


def test_an_empty_side_is_an_empty_list() -> None:
    tops = ChangedTops()
    tops.see(1, "0xc0", "7", Top(Decimal(0), Decimal(0), Decimal("0.001"), Decimal(3)))
    [tick, book] = [frame.payload for frame in tops.frames]
    assert (tick["event_type"], tick["new_tick_size"]) == ("tick_size_change", "0.001")
    assert (book["bids"], book["asks"]) == ([], [{"price": "0.001", "size": "3"}])


def test_adjoining_slots_share_one_value_as_final_and_as_strike() -> None:
    second = Slot(f"btc-updown-15m-{START + 900}", ("3", "4"), "0xc1", winner=0)
    mids = {
        SLUG: [(START * 1000, 0.4), ((START + 600) * 1000, 0.1)],
        second.slug: [((START + 900) * 1000, 0.6), ((START + 1500) * 1000, 0.9)],
    }
    path = spot_path([second, SLOT], mids, Decimal(68000), seed=3)
    first_strike, between, last = (average_at(path, START + after) for after in (0, 900, 1800))
    assert between < first_strike
    assert last >= between


def test_a_path_that_would_contradict_the_record_is_refused() -> None:
    always_up = {SLUG: [(START * 1000, 0.9)]}
    with pytest.raises(SeedDoesNotSettleError, match="recorded winner 1"):
        spot_path([SLOT], always_up, Decimal(68000), seed=3)
