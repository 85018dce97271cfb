"""Judging fair values: nothing is seen before its time, a slot counts once, and bad data is named."""

from __future__ import annotations

import csv
import gzip
import io
import json
import lzma
from collections.abc import Iterable, Sequence
from datetime import timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from lab.fair_value.__main__ import main
from lab.fair_value.calibration import Bin, calibration
from lab.fair_value.observations import Observation, Slot, Tick, every, instant, observed
from lab.fair_value.scores import Judged, brier, difference, log_loss, score
from lab.fair_value.sources import CHAINLINK_DAY, JANUARY, JANUARY_9TH, data_sets
from shared.domain.ids import Coin

BTC = Coin("btc")
MIDNIGHT = 1_780_876_800
SLOT = Slot(BTC, instant(MIDNIGHT), instant(MIDNIGHT + 900), Decimal(100), up_won=True)
OTHER = Slot(BTC, instant(MIDNIGHT + 900), instant(MIDNIGHT + 1800), Decimal(100), up_won=False)


def tick(second: float, price: int, delay: float = 0) -> Tick:
    return Tick(Decimal(price), instant(MIDNIGHT + second), instant(MIDNIGHT + second + delay))


def seen_at(second: float, *ticks: Tick) -> list[Observation]:
    return list(observed(BTC, ticks, [(instant(MIDNIGHT + second), SLOT)]))


def judgement(slot: Slot, p_up: float) -> Judged:
    return Judged(slot, 60, p_up, slot.up_won)


def test_a_price_is_seen_when_it_was_known_not_when_it_was_made() -> None:
    ticks = tick(1, 100), tick(2, 200, delay=1.5)

    assert [each.view.spot for each in seen_at(3.4, *ticks)] == [100]
    assert [each.view.spot for each in seen_at(3.5, *ticks)] == [200]


def test_without_a_fresh_price_there_is_no_observation() -> None:
    assert seen_at(1) == []
    assert len(seen_at(30, tick(0, 100))) == 1
    assert seen_at(30.1, tick(0, 100)) == []


def test_the_future_changes_nothing_that_was_observed() -> None:
    past = [tick(second, 100 + second % 7) for second in range(400)]

    assert seen_at(400, *past) == seen_at(400, *past, tick(401, 9999), tick(402, 1))


def test_a_slot_is_looked_at_from_its_first_step_until_before_its_end() -> None:
    instants = [at for at, _ in every([SLOT], timedelta(seconds=300))]

    assert instants == [instant(MIDNIGHT + 300), instant(MIDNIGHT + 600)]


def test_a_slot_counts_once_however_often_it_was_looked_at() -> None:
    judgements = [judgement(SLOT, 0.9)] * 99 + [judgement(OTHER, 0.5)]

    assert score(judgements, brier) == pytest.approx((0.01 + 0.25) / 2)


def test_a_wrong_certainty_is_fined_and_not_ruined() -> None:
    assert log_loss(judgement(OTHER, 1.0)) == pytest.approx(9.21, abs=0.01)


def test_the_difference_has_an_interval_that_is_always_the_same() -> None:
    slots = [Slot(BTC, SLOT.start + timedelta(days=n), SLOT.end, SLOT.strike, up_won=n % 3 > 0) for n in range(30)]
    better, worse = [judgement(slot, 0.7) for slot in slots], [judgement(slot, 0.1) for slot in slots]

    gap = difference(better, worse, brier)

    assert gap == difference(better, worse, brier)
    assert gap.low < gap.mean < gap.high < 0


def test_calibration_compares_what_was_said_with_what_happened() -> None:
    said = [(0.0, False), (0.0625, True), (0.125, False), (1.0, True), (0.9375, True)]

    assert calibration(said) == [Bin(0.03125, 0.5, 2), Bin(0.125, 0.0, 1), Bin(0.96875, 1.0, 2)]


def table(path: Path, columns: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    path.parent.mkdir(exist_ok=True)
    text = io.StringIO()
    csv.writer(text).writerows([columns, *rows])
    content = text.getvalue().encode()
    path.write_bytes(gzip.compress(content) if path.suffix == ".gz" else content)


def trade(second: int, strike: float, spot: float) -> dict[str, object]:
    at = instant(MIDNIGHT + second)
    return {
        "entry_time": at.isoformat(),
        "strike_price": strike,
        "btc_at_entry": spot,
        "time_to_expiry_at_entry": 900 - second % 900,
    }


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """An hour and a half of a price that rises a dollar a second, so Up wins all; two paper slots; one watched one."""
    prices = (
        (
            (MIDNIGHT + second) * 1000,
            (60_000 + second) * 10**18,
            (MIDNIGHT + second) * 1000 + 1300,
        )
        for second in range(5400)
    )
    table(tmp_path / CHAINLINK_DAY / "BTCUSD-prices-x.csv.gz", ("feed_ts_ms", "full_accuracy_value", "recv_ms"), prices)
    market = {
        "resolved": True,
        "start_sec": MIDNIGHT + 300,
        "end_sec": MIDNIGHT + 600,
        "strike_value": str(60_300 * 10**18),
        "outcome_prices": ["1", "0"],
    }
    with gzip.open(tmp_path / CHAINLINK_DAY / "BTC-5m-markets-x.jsonl.gz", "wt", encoding="utf-8") as text:
        text.write(json.dumps(market) + "\n")
    (tmp_path / JANUARY).mkdir()
    trades = [trade(100, 100, 101), trade(100, 100, 101), trade(500, 100, 99), trade(1000, 98, 97)]
    (tmp_path / JANUARY / "x.json.xz").write_bytes(lzma.compress(json.dumps({"trades": trades}).encode()))
    rows = (
        (instant(MIDNIGHT + second).isoformat(), 100 + second, 100 + start, f"btc-updown-15m-{MIDNIGHT + start}")
        for second, start in ((10, 0), (20, 0), (910, 900))
    )
    columns = ("Timestamp", "Price_Stream", "Strike_Price", "Slug")
    table(tmp_path / JANUARY_9TH / "polymarket_btc_15m.csv", columns, rows)
    return tmp_path


def test_the_sources_become_slots_with_strike_and_outcome(folder: Path) -> None:
    by_name = {each.name: each.observations for each in data_sets(folder)}
    slots = {name: sorted({each.slot for each in seen}, key=lambda slot: slot.start) for name, seen in by_name.items()}

    averaged = slots["Chainlink day, 15 min, 60 s average"]
    assert (averaged[0].strike, averaged[0].up_won) == (Decimal("60870.5"), True)
    assert [slot.strike for slot in slots["Chainlink day, 15 min, last price"]][:2] == [60_000, 60_900]
    assert len(slots["Chainlink day, 5 min, the venue's own outcome"]) == 1
    (january,) = slots["January 1 to 8, 15 min, last price"]
    assert (january.strike, january.up_won) == (100, False)
    assert len(by_name["January 1 to 8, 15 min, last price"]) == 2
    (watched,) = slots["January 9, 15 min, last price"]
    assert (watched.strike, watched.up_won) == (100, True)


@pytest.mark.parametrize(("report", "part"), [("compare", "Brier"), ("fit", "trust")])
def test_a_report_is_printed(folder: Path, report: str, part: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([report, str(folder)]) == 0
    assert part in capsys.readouterr().out


def test_a_folder_without_the_data_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["compare", str(tmp_path)]) == 1
    assert "cannot read:" in capsys.readouterr().err


@pytest.mark.parametrize(
    "content",
    [b"not xz", lzma.compress(b"{}"), lzma.compress(b'{"trades": [{"seconds_remaining": "soon"}]}')],
    ids=["not compressed", "no trades", "no number"],
)
def test_a_broken_archive_is_named(content: bytes, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / JANUARY / "y.json.xz").write_bytes(content)

    assert main(["compare", str(folder)]) == 1
    assert "y.json.xz" in capsys.readouterr().err
