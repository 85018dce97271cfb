"""Tiny recordings in the recording format, made up for tests."""

import gzip
import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

REC_START = 1_700_000_100
REC_SLOT = 900


@dataclass
class Tape:
    """Collects frames of consecutive BTC quarter-hours; instants are seconds since the first slot's start."""

    winners: tuple[int | None, ...] = (0,)
    whole: tuple[bool, ...] = ()
    depth: str = "top"
    lines: list[tuple[int, str, Any]] = field(default_factory=list[tuple[int, str, Any]])

    def token(self, slot: int, outcome: int) -> str:
        return str(1000 + 10 * slot + outcome)

    def book(self, at: float, slot: int, outcome: int, bids: dict[str, str], asks: dict[str, str]) -> None:
        frame = {
            "event_type": "book",
            "market": f"0x{slot:064x}",
            "asset_id": self.token(slot, outcome),
            "bids": [{"price": price, "size": size} for price, size in bids.items()],
            "asks": [{"price": price, "size": size} for price, size in asks.items()],
            "timestamp": str(self._ms(at)),
        }
        self.lines.append((self._ms(at), "clob.market", frame))

    def change(self, at: float, token: str, side: str, price: str, size: str) -> None:
        change = {"asset_id": token, "price": price, "size": size, "side": side}
        frame = {"event_type": "price_change", "price_changes": [change], "timestamp": str(self._ms(at))}
        self.lines.append((self._ms(at), "clob.market", frame))

    def trade(self, at: float, token: str, side: str, price: str, size: str) -> None:
        frame = {
            "event_type": "last_trade_price",
            "asset_id": token,
            "price": price,
            "size": size,
            "side": side,
        }
        self.lines.append((self._ms(at), "clob.market", frame))

    def average(self, at: int, value: str) -> None:
        payload = {
            "symbol": "btcusd",
            "value": float(value),
            "full_accuracy_value": value,
            "timestamp": self._ms(at),
            "source": "synthetic",
            "window_seconds": 60,
        }
        frame = {"v": 1, "channel": "price.crypto.twap", "seq": 1, "ts": self._ms(at), "payload": payload}
        self.lines.append((self._ms(at) + 300, "price", frame))

    def write(self, path: Path) -> Path:
        header = {
            "format": "tdmaker-recording",
            "version": 1,
            "depth": self.depth,
            "price_source": "synthetic",
            "attribution": "made up",
            "licence": "none",
            "slots": [self._slot(index) for index in range(len(self.winners))],
        }
        ordered = sorted(self.lines, key=lambda line: line[0])
        return write_lines(path, [(self._ms(-60), "header", header), *ordered])

    def _slot(self, index: int) -> dict[str, Any]:
        start = REC_START + index * REC_SLOT
        return {
            "slug": f"btc-updown-15m-{start}",
            "start": start,
            "end": start + REC_SLOT,
            "coin": "btc",
            "whole": self.whole[index] if self.whole else True,
            "outcomes": ["Up", "Down"],
            "tokens": [self.token(index, 0), self.token(index, 1)],
            "condition_id": f"0x{index:064x}",
            "tick": "0.01",
            "min_shares": "5",
            "taker_fee_rate": "0.07",
            "winner": self.winners[index],
        }

    @staticmethod
    def _ms(at: float) -> int:
        return REC_START * 1000 + int(at * 1000)


def write_lines(path: Path, lines: Iterable[tuple[int, str, Any]]) -> Path:
    with gzip.open(path, "wt") as stream:
        for at_ms, source, payload in lines:
            stream.write(json.dumps({"t": at_ms, "source": source, "payload": payload}) + "\n")
    return path
