"""crypto5m_bbo_ticks_2026-04-22: event-driven best bid and ask of one 5-minute market per coin; no sizes, no prices."""

import re
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

from lab.convert.files import CorruptInputError, Row, csv_rows, found, number
from lab.convert.recording import Recording, Slot, stand_in_condition, stand_in_tokens, with_coverage
from lab.convert.tops import ChangedTops, without_sizes

ATTRIBUTION = "sellersja01/polybotanalysis, commit dad915e"
NAME = re.compile(r"candle_([a-z]+)_(\d{8})_(\d{4})\.csv\.gz")
DECIDED = Decimal("0.02")
COLUMNS = frozenset({"ms_since_candle_start", "event_type", "side", "up_bid", "up_ask", "dn_bid", "dn_ask"})


def convert(folder: Path) -> Recording:
    """Reads `candle_<coin>_<date>_<time>.csv.gz`, TICK rows only. Raises CorruptInputError."""
    tops = ChangedTops()
    slots: list[Slot] = []
    for path in found(folder, "candle_*.csv.gz"):
        slot = _read(path, tops)
        slots.append(with_coverage(slot, tops.watched(slot.condition_id)))
    return Recording(tops.frames, slots, ATTRIBUTION, stand_in=["sizes", "token_ids", "condition_ids"])


def _read(path: Path, tops: ChangedTops) -> Slot:
    slug = _slug(path)
    slot = Slot(slug, stand_in_tokens(slug), stand_in_condition(slug))
    winner = None
    for line, row in csv_rows(path, COLUMNS):
        if row["event_type"] != "TICK":
            continue
        t = slot.start * 1000 + int(number(path, line, "ms_since_candle_start", row["ms_since_candle_start"]))
        for side, token in zip(("up", "dn"), slot.tokens, strict=True):
            if row[f"{side}_bid"] and row[f"{side}_ask"]:
                bid, ask = (number(path, line, f"{side}_{end}", row[f"{side}_{end}"]) for end in ("bid", "ask"))
                tops.see(t, slot.condition_id, token, without_sizes(bid, ask))
        winner = _decided(row) if t >= (slot.end - 20) * 1000 else None
    return replace(slot, winner=winner)


def _decided(row: Row) -> int | None:
    if not row["up_bid"] or not row["up_ask"]:
        return None
    mid = (Decimal(row["up_bid"]) + Decimal(row["up_ask"])) / 2
    return 0 if mid >= 1 - DECIDED else 1 if mid <= DECIDED else None


def _slug(path: Path) -> str:
    named = NAME.fullmatch(path.name)
    try:
        if named is None:
            raise ValueError
        start = datetime.strptime(f"{named[2]}{named[3]}+0000", "%Y%m%d%H%M%z").astimezone(UTC)
    except ValueError:
        raise CorruptInputError(
            f"{path}: the name does not tell coin and start (candle_btc_20260422_0215.csv.gz)"
        ) from None
    return f"{named[1]}-updown-5m-{int(start.timestamp())}"
