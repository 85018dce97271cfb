"""crypto15m_bbo_chainlink_2026-01-09: Up's bid and ask with the Chainlink price and the strike, about every 5 s."""

from dataclasses import replace
from datetime import datetime
from decimal import Decimal
from pathlib import Path

from lab.convert.files import CorruptInputError, csv_rows, found, number
from lab.convert.prices import PriceStream
from lab.convert.recording import Recording, Slot, stand_in_condition, stand_in_tokens, with_coverage
from lab.convert.tops import ChangedTops, without_sizes

ATTRIBUTION = "weiuou/polymarket_15minupdown_monitor, commit 19c93ac"
MISSED = "no_price_data"
COLUMNS = frozenset({"Timestamp", "Price_Stream", "Strike_Price", "Best_Bid", "Best_Ask", "Slug"})


def convert(folder: Path) -> Recording:
    """Reads `polymarket_<coin>_15m.csv`. A winner follows from the next slot's strike. Raises CorruptInputError."""
    tops = ChangedTops()
    prices = PriceStream()
    strikes: dict[str, Decimal | None] = {}
    for path in found(folder, "polymarket_*_15m.csv"):
        for line, row in csv_rows(path, COLUMNS):
            slug, t = row["Slug"], _milliseconds(path, line, row["Timestamp"])
            strikes[slug] = (
                None if row["Strike_Price"] == MISSED else number(path, line, "Strike_Price", row["Strike_Price"])
            )
            bid, ask = (number(path, line, name, row[name]) for name in ("Best_Bid", "Best_Ask"))
            up = without_sizes(bid, ask)
            for token, top in zip(stand_in_tokens(slug), (up, up.mirrored()), strict=True):
                tops.see(t, stand_in_condition(slug), token, top)
            price = number(path, line, "Price_Stream", row["Price_Stream"])
            prices.spot(t, f"{slug.split('-')[0]}usd", price, t // 1000 * 1000, "chainlink")
    slots = [with_coverage(_slot(slug, strikes), tops.watched(stand_in_condition(slug))) for slug in strikes]
    return Recording(
        [*prices.frames, *tops.frames],
        slots,
        ATTRIBUTION,
        price_source="recorded",
        stand_in=["sizes", "token_ids", "condition_ids", "down_side"],
        settlement="last_price",
    )


def _slot(slug: str, strikes: dict[str, Decimal | None]) -> Slot:
    slot = Slot(slug, stand_in_tokens(slug), stand_in_condition(slug))
    strike, final = strikes[slug], strikes.get(f"{slug.rsplit('-', 1)[0]}-{slot.end}")
    return slot if strike is None or final is None else replace(slot, winner=0 if final >= strike else 1)


def _milliseconds(path: Path, line: int, text: str) -> int:
    try:
        return int(datetime.fromisoformat(text).timestamp() * 1000)
    except ValueError:
        raise CorruptInputError(f"{path}:{line}: Timestamp is not an instant: {text[:40]!r}") from None
