"""btc15m_bbo_2026-04-01: best bid and ask of both tokens, event driven; no outcome, no underlying price."""

from collections.abc import Sequence
from decimal import Decimal
from pathlib import Path

from lab.convert.files import Row, csv_rows, number, only
from lab.convert.prices import PriceStream
from lab.convert.recording import Recording, Slot, stand_in_condition, with_coverage
from lab.convert.synthetic import publish, spot_path
from lab.convert.tops import ChangedTops, Top

ATTRIBUTION = "polymarket-backtest 0.1.0 (Python package), bundled sample of BTC 15-minute order books"
LICENCE = "MIT"
LEVEL = Decimal(68000)
SEED = 1
DECIDED = Decimal("0.02")
COLUMNS = frozenset(
    {"recorded_at_ts", "market_slug", "up_token_id", "down_token_id", "up_book_ts", "down_book_ts"}
    | {f"{side}_{field}" for side in ("up", "down") for field in ("bid", "bid_size", "ask", "ask_size", "mid")}
)


def convert(folder: Path) -> Recording:
    """Reads `btc_orderbook.csv.gz`. Every price is synthetic. Raises CorruptInputError."""
    path = only(folder, "btc_orderbook.csv.gz")
    tops = ChangedTops()
    mids: dict[str, list[tuple[int, float]]] = {}
    tokens: dict[str, tuple[str, str]] = {}
    for line, row in csv_rows(path, COLUMNS):
        slug = row["market_slug"]
        tokens[slug] = row["up_token_id"], row["down_token_id"]
        t = int(number(path, line, "recorded_at_ts", row["recorded_at_ts"]) * 1000)
        for outcome, token in zip(("up", "down"), tokens[slug], strict=True):
            stamp = int(number(path, line, f"{outcome}_book_ts", row[f"{outcome}_book_ts"]))
            tops.see(t, stand_in_condition(slug), token, _top(path, line, row, outcome), stamp)
        mids.setdefault(slug, []).append((t, float(number(path, line, "up_mid", row["up_mid"]))))
    slots = [_slot(slug, pair, mids[slug], tops.watched(stand_in_condition(slug))) for slug, pair in tokens.items()]
    prices = PriceStream()
    publish(spot_path([slot for slot in slots if slot.whole], mids, LEVEL, SEED), "btcusd", prices)
    frames = [*prices.frames, *tops.frames]
    return Recording(frames, slots, ATTRIBUTION, LICENCE, price_source="synthetic", stand_in=["condition_ids"])


def _top(path: Path, line: int, row: Row, outcome: str) -> Top:
    names = (f"{outcome}_{field}" for field in ("bid", "bid_size", "ask", "ask_size"))
    return Top(*(number(path, line, name, row[name]) for name in names))


def _slot(slug: str, tokens: tuple[str, str], mids: list[tuple[int, float]], seen: Sequence[int]) -> Slot:
    slot = Slot(slug, tokens, stand_in_condition(slug))
    last_t, last_mid = mids[-1]
    near_end = last_t >= (slot.end - 20) * 1000
    winner = {True: 1, False: 0}[last_mid < 0.5] if near_end and min(last_mid, 1 - last_mid) <= DECIDED else None
    return with_coverage(Slot(slug, tokens, slot.condition_id, winner), seen)
