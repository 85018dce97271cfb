"""The data sets that fair value is judged on, as slots and ticks."""

from __future__ import annotations

import json
import lzma
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

from lab.convert.files import CorruptInputError, csv_rows, found, json_lines, number, only
from lab.fair_value.observations import Observation, Slot, Tick, every, instant, observed
from shared.domain.ids import Coin

BTC = Coin("btc")
E18 = Decimal("1e-18")
CHAINLINK_DAY = "btc5m_chainlink_and_gamma_2026-06-08"
JANUARY = "btc15m_paper_entries_2026-01-01_08"
JANUARY_9TH = "crypto15m_bbo_chainlink_2026-01-09"
QUARTER, FIVE_MINUTES, AVERAGING = 900, 300, 60
STEP = timedelta(seconds=10)
LEAST_TICKS = 45
"""Of a minute's 60, or its average is not to be trusted and the slot is left out."""
REMAINING = ("time_to_expiry_at_entry", "seconds_remaining_at_entry", "seconds_remaining")
MISSED = "no_price_data"


@dataclass(frozen=True, slots=True)
class DataSet:
    """`averaging_seconds` is what this data settled on; slots that start before `fit_until` may be fitted to."""

    name: str
    averaging_seconds: float
    fit_until: datetime
    observations: list[Observation]


def data_sets(root: Path) -> list[DataSet]:
    """All that `root` holds of the three sources. Raises CorruptInputError, also when one is missing."""
    return [*_chainlink_day(root / CHAINLINK_DAY), _january(root / JANUARY), _january_9th(root / JANUARY_9TH)]


def _chainlink_day(folder: Path) -> Iterator[DataSet]:
    ticks = _day_ticks(folder)
    by_second = {int(tick.at.timestamp()): tick.price for tick in ticks}
    noon = instant(min(by_second) + 43_200)
    rules: tuple[tuple[str, float, Callable[[int], Decimal | None]], ...] = (
        ("60 s average", AVERAGING, lambda second: _average(by_second, second)),
        ("last price", 0, by_second.get),
    )
    for seconds in (QUARTER, FIVE_MINUTES):
        for rule, averaging, value in rules:
            slots = _slots_of_day(by_second, seconds, value)
            name = f"Chainlink day, {seconds // 60} min, {rule}"
            yield DataSet(name, averaging, noon, list(observed(BTC, ticks, every(slots, STEP))))
    gamma = list(_gamma_slots(folder))
    own = list(observed(BTC, ticks, every(gamma, STEP)))
    yield DataSet("Chainlink day, 5 min, the venue's own outcome", 0, noon, own)


def _day_ticks(folder: Path) -> list[Tick]:
    path = only(folder, "BTCUSD-prices-*.csv.gz")
    ticks: list[Tick] = []
    for line, row in csv_rows(path, frozenset({"feed_ts_ms", "full_accuracy_value", "recv_ms"})):
        feed, received, value = (
            number(path, line, name, row[name]) for name in ("feed_ts_ms", "recv_ms", "full_accuracy_value")
        )
        ticks.append(Tick(value * E18, instant(int(feed) / 1000), instant(int(received) / 1000)))
    return ticks


def _average(by_second: Mapping[int, Decimal], second: int) -> Decimal | None:
    """Mean of the whole-second prices of the 60 s that end with `second`; None where too many are missing."""
    heard = [by_second[each] for each in range(second - AVERAGING + 1, second + 1) if each in by_second]
    return sum(heard, Decimal(0)) / len(heard) if len(heard) >= LEAST_TICKS else None


def _slots_of_day(
    by_second: Mapping[int, Decimal], seconds: int, value: Callable[[int], Decimal | None]
) -> Iterator[Slot]:
    first = -(-min(by_second) // seconds) * seconds
    for start in range(first, max(by_second), seconds):
        strike, final = value(start), value(start + seconds)
        if strike is not None and final is not None:
            yield Slot(BTC, instant(start), instant(start + seconds), strike, final >= strike)


def _gamma_slots(folder: Path) -> Iterator[Slot]:
    path = only(folder, "BTC-5m-markets-*.jsonl.gz")
    for line, market in json_lines(path):
        try:
            if not market["resolved"] or market["strike_value"] is None:
                continue
            up_won = market["outcome_prices"][0] == "1"
            start, end = instant(market["start_sec"]), instant(market["end_sec"])
        except (LookupError, TypeError) as error:
            raise CorruptInputError(f"{path}:{line}: not a market ({error!r})") from None
        yield Slot(BTC, start, end, number(path, line, "strike_value", market["strike_value"]) * E18, up_won)


@dataclass(frozen=True, slots=True)
class _Entry:
    at: datetime
    end: int
    strike: Decimal
    spot: Decimal


def _january(folder: Path) -> DataSet:
    """Instants are those at which the bots entered; what they saw then is all that is known of the price."""
    entries = sorted({entry for path in found(folder, "*.json.xz") for entry in _entries(path)}, key=lambda e: e.at)
    strikes = _strikes(entries)
    ticks = [Tick(entry.spot, entry.at, entry.at) for entry in entries]
    slots = {
        end: Slot(BTC, instant(end - QUARTER), instant(end), strike, strikes[end + QUARTER] >= strike)
        for end, strike in strikes.items()
        if end + QUARTER in strikes
    }
    instants = dict.fromkeys((entry.at, slots[entry.end]) for entry in entries if entry.end in slots)
    return DataSet(
        "January 1 to 8, 15 min, last price",
        0,
        datetime(2026, 1, 5, tzinfo=UTC),
        list(observed(BTC, ticks, instants)),
    )


def _strikes(entries: list[_Entry]) -> dict[int, Decimal]:
    """By slot's end: the strike that most entries name."""
    named: defaultdict[int, Counter[Decimal]] = defaultdict(Counter)
    for entry in entries:
        named[entry.end][entry.strike] += 1
    return {end: strikes.most_common(1)[0][0] for end, strikes in sorted(named.items())}


def _entries(path: Path) -> Iterator[_Entry]:
    try:
        trades = json.loads(lzma.decompress(path.read_bytes()))["trades"]
        entries = [_entry(path, count, trade) for count, trade in enumerate(trades, start=1)]
    except (OSError, lzma.LZMAError, ValueError, LookupError, TypeError) as error:
        raise CorruptInputError(f"{path}: not a file of paper trades ({error!r})") from None
    return (entry for entry in entries if entry and 0 < entry.end - entry.at.timestamp() < QUARTER)


def _entry(path: Path, count: int, trade: dict[str, Any]) -> _Entry | None:
    """None where the time left was not written down. Local times are UTC, as their ends show."""
    left = next((trade[name] for name in REMAINING if name in trade), None)
    if left is None:
        return None
    at = datetime.fromisoformat(trade["entry_time"])
    at = at if at.tzinfo else at.replace(tzinfo=UTC)
    end = round((at.timestamp() + float(left)) / QUARTER) * QUARTER
    strike, spot = (number(path, count, name, trade[name]) for name in ("strike_price", "btc_at_entry"))
    return _Entry(at, end, strike, spot)


def _january_9th(folder: Path) -> DataSet:
    observations = [each for path in found(folder, "polymarket_*_15m.csv") for each in _watched(path)]
    return DataSet("January 9, 15 min, last price", 0, datetime(2026, 1, 1, tzinfo=UTC), observations)


def _watched(path: Path) -> list[Observation]:
    ticks: list[Tick] = []
    ends: list[int] = []
    strikes: dict[int, Decimal] = {}
    coin = Coin(path.name.split("_")[1])
    for line, row in csv_rows(path, frozenset({"Timestamp", "Price_Stream", "Strike_Price", "Slug"})):
        at = datetime.fromisoformat(row["Timestamp"])
        ticks.append(Tick(number(path, line, "Price_Stream", row["Price_Stream"]), at, at))
        start = int(row["Slug"].rsplit("-", 1)[1])
        ends.append(start + QUARTER)
        if row["Strike_Price"] != MISSED:
            strikes[start] = number(path, line, "Strike_Price", row["Strike_Price"])
    slots = {
        end: Slot(coin, instant(end - QUARTER), instant(end), strike, strikes[end] >= strike)
        for start, strike in strikes.items()
        if (end := start + QUARTER) in strikes
    }
    instants = [(tick.at, slots[end]) for tick, end in zip(ticks, ends, strict=True) if end in slots]
    return list(observed(coin, ticks, instants))
