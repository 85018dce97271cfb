"""Writes small recordings, instant by instant, and replays them."""

from __future__ import annotations

import gzip
import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from lab.replay.run import Outcome, replay
from shared.runtime.settings import load_settings

START = 1_775_029_500
MINUTE = 60_000
UP, DOWN = "11", "22"
MARKET = "0x" + "ab" * 32


def slot(**changed: Any) -> dict[str, Any]:
    return {
        "slug": f"btc-updown-15m-{START}",
        "start": START,
        "end": START + 900,
        "coin": "btc",
        "whole": True,
        "outcomes": ["Up", "Down"],
        "tokens": [UP, DOWN],
        "condition_id": MARKET,
        "tick": "0.01",
        "min_shares": "5",
        "taker_fee_rate": "0.07",
        "winner": 0,
        **changed,
    }


@dataclass
class Tape:
    """`at` arguments are ms since the first slot's start; frames are written in the order in which they are added."""

    slots: list[dict[str, Any]] = field(default_factory=lambda: [slot()])
    header: dict[str, Any] = field(default_factory=dict[str, Any])
    lines: list[dict[str, Any]] = field(default_factory=list[dict[str, Any]])

    def book(self, at: int, bid: str | None, ask: str | None, token: str = UP, size: str = "100") -> Tape:
        bids, asks = ([] if price is None else [{"price": price, "size": size}] for price in (bid, ask))
        frame = {"event_type": "book", "market": MARKET, "asset_id": token, "bids": bids, "asks": asks}
        return self.frame(at, "clob.market", frame | {"timestamp": str(START * 1000 + at)})

    def spot(self, at: int, price: str, coin: str = "btc") -> Tape:
        """Stamped with its own second."""
        stamp = (START * 1000 + at) // 1000 * 1000
        point = {"symbol": f"{coin}usd", "value": 0, "full_accuracy_value": price, "timestamp": stamp, "source": "x"}
        return self.frame(at, "price", {"v": 1, "channel": "price.crypto", "seq": 1, "ts": 0, "payload": point})

    def quiet(self, start: int, end: int, bid: str | None, ask: str | None, token: str = UP) -> Tape:
        """The same book again every ten seconds: the feed lives."""
        for at in range(start, end, 10_000):
            self.book(at, bid, ask, token)
        return self

    def frame(self, at: int, source: str, payload: object) -> Tape:
        self.lines.append({"t": START * 1000 + at, "source": source, "payload": payload})
        return self

    def text(self) -> bytes:
        first = self.lines[0]["t"] if self.lines else 0
        payload = {
            "format": "tdmaker-recording",
            "version": 1,
            "depth": "top",
            "price_source": "recorded",
            "attribution": "made up",
            "licence": "MIT",
            "slots": self.slots,
            "settlement": "last_price",
            **self.header,
        }
        header = {"t": first, "source": "header", "payload": payload}
        return b"".join(json.dumps(line).encode() + b"\n" for line in [header, *self.lines])

    def write(self, folder: Path, name: str = "tape.jsonl.gz") -> Path:
        path = folder / name
        path.write_bytes(gzip.compress(self.text(), mtime=0))
        return path

    def play(self, folder: Path, *, with_partial: bool = False, **settings: Any) -> Outcome:
        loaded = load_settings(None, {name: str(value) for name, value in settings.items()}, {})
        return replay(self.write(folder), loaded, with_partial=with_partial)


def changes(outcome: Outcome) -> list[tuple[str, str, str]]:
    """Every order's changes: outcome, change, reason."""
    return [(each.outcome, each.change, each.reason) for each in outcome.records.orders]


def minutes(outcome: Outcome) -> list[str]:
    """Minute of each fill."""
    return [f"{each.minute.normalize():f}" for each in outcome.records.fills]
