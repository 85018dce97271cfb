"""Frames of the price stream (PolyBolt)."""

from collections import Counter
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from lab.convert.recording import Frame

SPOT = "price.crypto"
AVERAGE = "price.crypto.twap"


@dataclass(slots=True)
class PriceStream:
    """Collects price frames and numbers them within channel and symbol."""

    frames: list[Frame] = field(default_factory=list[Frame])
    _sent: Counter[tuple[str, str]] = field(default_factory=Counter[tuple[str, str]])

    def spot(
        self, t: int, symbol: str, price: Decimal, stamp_ms: int, source: str, *, sent_ms: int | None = None
    ) -> None:
        """Adds a spot price stamped `stamp_ms`, sent at `sent_ms`, received at `t`."""
        self._add(t, SPOT, _payload(symbol, price, stamp_ms, source), sent_ms)

    def average(self, t: int, symbol: str, price: Decimal, stamp_ms: int, source: str) -> None:
        """Adds a 60 s average over the values stamped up to and at `stamp_ms`."""
        self._add(t, AVERAGE, _payload(symbol, price, stamp_ms, source) | {"window_seconds": 60}, None)

    def _add(self, t: int, channel: str, payload: dict[str, Any], sent_ms: int | None) -> None:
        key = channel, payload["symbol"]
        self._sent[key] += 1
        sent = t if sent_ms is None else sent_ms
        frame = {"v": 1, "channel": channel, "seq": self._sent[key], "ts": sent, "payload": payload}
        self.frames.append(Frame(t, "price", frame))


def _payload(symbol: str, price: Decimal, stamp_ms: int, source: str) -> dict[str, Any]:
    return {
        "symbol": symbol,
        "value": float(price),
        "full_accuracy_value": f"{price:f}",
        "timestamp": stamp_ms,
        "source": source,
    }
