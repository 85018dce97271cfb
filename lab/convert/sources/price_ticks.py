"""price_feed_latency_ticks_2026-04-27: Chainlink and Binance over the venue's feed, and Binance direct; no books."""

from pathlib import Path

from lab.convert.files import CorruptInputError, json_lines, number, only
from lab.convert.prices import PriceStream
from lab.convert.recording import Recording

ATTRIBUTION = "braedonsaunders/homerun, commit 4508d9f (the repository is under AGPL-3.0; data only)"
SOURCES = {"chainlink_rtds": "chainlink", "binance_rtds": "binance", "binance_direct": "binance-direct"}


def convert(folder: Path) -> Recording:
    """Reads `feed_latency_ticks.jsonl.gz`; the three sources keep their own name. Raises CorruptInputError."""
    prices = PriceStream()
    path = only(folder, "feed_latency_ticks.jsonl.gz")
    for line, tick in json_lines(path):
        if tick.get("source") not in SOURCES or "asset" not in tick:
            raise CorruptInputError(f"{path}:{line}: unknown source {str(tick.get('source'))[:40]!r}")
        price, stamp, received = (
            number(path, line, name, tick.get(name)) for name in ("price", "msg_ts_ms", "recv_ts_ms")
        )
        prices.spot(int(received), f"{str(tick['asset']).lower()}usd", price, int(stamp), SOURCES[tick["source"]])
    return Recording(prices.frames, [], ATTRIBUTION, price_source="recorded")
