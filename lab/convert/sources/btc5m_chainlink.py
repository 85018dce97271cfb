"""btc5m_chainlink_and_gamma_2026-06-08: the settlement feed of a whole day, every market's final metadata; no books."""

import json
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

from lab.convert.files import CorruptInputError, csv_rows, json_lines, number, only
from lab.convert.prices import PriceStream
from lab.convert.recording import Frame, Recording, Slot

ATTRIBUTION = "Ligengxin96/polymarket-data-samples, commit 20d724c"
COLUMNS = frozenset({"feed_ts_ms", "full_accuracy_value", "server_ts_ms", "recv_ms"})
E18 = Decimal("1e-18")


def convert(folder: Path) -> Recording:
    """Reads the price file and the market file. Raises CorruptInputError."""
    prices = PriceStream()
    path = only(folder, "BTCUSD-prices-*.csv.gz")
    for line, row in csv_rows(path, COLUMNS):
        received, stamp, sent = (
            int(number(path, line, name, row[name])) for name in ("recv_ms", "feed_ts_ms", "server_ts_ms")
        )
        price = number(path, line, "full_accuracy_value", row["full_accuracy_value"]) * E18
        prices.spot(received, "btcusd", price.normalize(), stamp, "chainlink", sent_ms=sent)
    slots: list[Slot] = []
    metadata: list[Frame] = []
    path = only(folder, "BTC-5m-markets-*.jsonl.gz")
    for line, market in json_lines(path):
        slots.append(_slot(path, line, market))
        metadata.append(Frame(_closed_ms(path, line, market), "gamma", market["raw"]))
    return Recording([*metadata, *prices.frames], slots, ATTRIBUTION, price_source="recorded", settlement="last_price")


def _slot(path: Path, line: int, market: dict[str, Any]) -> Slot:
    try:
        up, down = (str(token) for token in market["token_ids"])
        payouts = market["outcome_prices"] if market["resolved"] else None
        winner = {("1", "0"): 0, ("0", "1"): 1}.get(tuple(payouts)) if payouts else None
        return Slot(str(market["slug"]), (up, down), str(market["condition_id"]), winner)
    except (KeyError, TypeError, ValueError) as error:
        raise CorruptInputError(f"{path}:{line}: not a market: {json.dumps(str(error))}") from None


def _closed_ms(path: Path, line: int, market: dict[str, Any]) -> int:
    """The object was fetched after the market had closed; its closing is the earliest instant at which it was true."""
    try:
        return int(datetime.fromisoformat(market["raw"]["closedTime"]).timestamp() * 1000)
    except (KeyError, TypeError, ValueError):
        raise CorruptInputError(f"{path}:{line}: no closedTime in the metadata") from None
