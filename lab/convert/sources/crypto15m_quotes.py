"""crypto15m_quotes_1s_2025-11-03: one quote a second of the running 15-minute market, with the Binance spot."""

from datetime import datetime
from decimal import Decimal
from pathlib import Path

from lab.convert.files import CorruptInputError, Row, csv_rows, found, number
from lab.convert.prices import PriceStream
from lab.convert.recording import DURATIONS, Recording, Slot, stand_in_condition, stand_in_tokens, with_coverage
from lab.convert.tops import ChangedTops, Top, without_sizes

ATTRIBUTION = "Artex6666/BTC_data_prob_study, commit 01c85a1"
COLUMNS = frozenset({"timestamp", "spot_price", "m15_buy", "m15_sell", "m15_spread_up"})


def convert(folder: Path) -> Recording:
    """Reads `<COIN>.csv.gz`. Raises CorruptInputError.

    The two published prices always sum to 1, so they cannot both be asks of one book: Up's ask and spread are taken as
    they are, and Down is mirrored from Up.
    """
    tops = ChangedTops()
    prices = PriceStream()
    slugs: dict[str, None] = {}
    for path in found(folder, "*.csv.gz"):
        coin = path.name.split(".")[0].lower()
        for line, row in csv_rows(path, COLUMNS):
            t = _milliseconds(path, line, row["timestamp"])
            prices.spot(t, f"{coin}usd", number(path, line, "spot_price", row["spot_price"]), t, "binance")
            if not row["m15_buy"]:
                continue
            length = DURATIONS["15m"]
            slug = f"{coin}-updown-15m-{t // 1000 // length * length}"
            slugs[slug] = None
            up = _up(path, line, row)
            for token, top in zip(stand_in_tokens(slug), (up, up.mirrored()), strict=True):
                tops.see(t, stand_in_condition(slug), token, top)
    slots = [Slot(slug, stand_in_tokens(slug), stand_in_condition(slug)) for slug in slugs]
    return Recording(
        [*prices.frames, *tops.frames],
        [with_coverage(slot, tops.watched(slot.condition_id)) for slot in slots],
        ATTRIBUTION,
        price_source="recorded",
        stand_in=["sizes", "token_ids", "condition_ids", "down_side"],
        settlement="last_price",
    )


def _up(path: Path, line: int, row: Row) -> Top:
    ask, spread = (number(path, line, name, row[name]) for name in ("m15_buy", "m15_spread_up"))
    return without_sizes(max(ask - spread, Decimal(0)), Decimal(1) if ask <= 0 else ask)


def _milliseconds(path: Path, line: int, text: str) -> int:
    try:
        return int(datetime.fromisoformat(text).timestamp() * 1000)
    except ValueError:
        raise CorruptInputError(f"{path}:{line}: timestamp is not an instant: {text[:40]!r}") from None
