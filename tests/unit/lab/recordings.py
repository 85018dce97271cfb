"""Reads recordings for the tests, by the word of docs/recording.md."""

import gzip
import json
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

COMMITTED = Path("venue_sim/recordings/btc15m_2026-04-01.jsonl.gz")


@dataclass(frozen=True)
class Played:
    header: dict[str, Any]
    lines: list[dict[str, Any]]

    def payloads(self, source: str) -> list[dict[str, Any]]:
        return [line["payload"] for line in self.lines if line["source"] == source]

    def averages(self) -> dict[int, Decimal]:
        """60 s averages by unix second of their stamp."""
        return self._prices("price.crypto.twap")

    def spots(self) -> dict[int, Decimal]:
        return self._prices("price.crypto")

    def _prices(self, channel: str) -> dict[int, Decimal]:
        frames = [frame["payload"] for frame in self.payloads("price") if frame["channel"] == channel]
        return {price["timestamp"] // 1000: Decimal(price["full_accuracy_value"]) for price in frames}


def read(path: Path) -> Played:
    with gzip.open(path, "rt", encoding="utf-8") as text:
        lines = [json.loads(line) for line in text]
    assert lines[0]["source"] == "header"
    return Played(lines[0]["payload"], lines)
