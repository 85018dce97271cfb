"""Underlying prices: whole-second spot values, their 60-second average, and what was last said of both.

Values are integers in 1e-8 USD.
"""

import hashlib
import math
import random
from collections import deque
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Protocol

SCALE = 100_000_000
TWAP_SECONDS = 60
SNAPSHOT_MS = 120_000
OTHER_START_PRICE = 100
START_PRICES = {
    "btc": 90_000.0,
    "eth": 3_000.0,
    "sol": 140.0,
    "xrp": 2.2,
    "doge": 0.16,
    "bnb": 900.0,
    "hype": 38.0,
    "zec": 400.0,
}
_BLOCK_SECONDS = 3600
SIGMA_PER_ROOT_SECOND = 8e-5


def seeded(*parts: object) -> random.Random:
    """A generator that depends on nothing but its name."""
    digest = hashlib.sha256("/".join(map(str, parts)).encode()).digest()
    return random.Random(int.from_bytes(digest[:8], "big"))  # noqa: S311 - a simulation, not a secret


def price_value_text(value: int) -> str:
    whole, rest = divmod(value, SCALE)
    return f"{whole}.{rest:08d}"


class Path(Protocol):
    """A price at every whole second, past and future alike."""

    def spot(self, coin: str, second: int) -> int: ...


@dataclass(frozen=True, slots=True)
class SeededPath:
    """A random walk that any second of which can be computed alone: bridged between hourly anchors."""

    seed: int

    def spot(self, coin: str, second: int) -> int:
        block, offset = divmod(second, _BLOCK_SECONDS)
        return int(_block(self.seed, coin, block)[offset] * SCALE)


@dataclass(frozen=True, slots=True)
class RisingPath:
    """A price that rises steadily all day, for the bench: whatever is bought as Up has moved its way."""

    per_second: float = 3e-6

    def spot(self, coin: str, second: int) -> int:
        return int(START_PRICES.get(coin, OTHER_START_PRICE) * (1 + self.per_second * (second % 86_400)) * SCALE)


def twap(path: Path, coin: str, second: int) -> int:
    """Mean of the last sixty whole-second prices, cut to 1e-8."""
    return sum(path.spot(coin, at) for at in range(second - TWAP_SECONDS + 1, second + 1)) // TWAP_SECONDS


def winner_of(start_value: int, end_value: int) -> int:
    """Up (0) if the average at the end is at or above the one at the start: a tie pays Up."""
    return 0 if end_value >= start_value else 1


@lru_cache(maxsize=64)
def _block(seed: int, coin: str, block: int) -> list[float]:
    """One hour of seconds: a Brownian bridge in log price between two anchors."""
    rng = seeded(seed, coin, "hour", block)
    steps = [0.0]
    for _ in range(_BLOCK_SECONDS):
        steps.append(steps[-1] + rng.gauss(0.0, SIGMA_PER_ROOT_SECOND))
    first, last = _anchor(seed, coin, block), _anchor(seed, coin, block + 1)
    drift = (last - first - steps[-1]) / _BLOCK_SECONDS
    return [
        START_PRICES.get(coin, OTHER_START_PRICE) * math.exp(first + step + drift * at)
        for at, step in enumerate(steps[:-1])
    ]


def _anchor(seed: int, coin: str, block: int) -> float:
    """Log distance from the start price at the hour: a few slow waves, hence bounded."""
    rng = seeded(seed, coin, "waves")
    waves = [(rng.uniform(5, 60), rng.uniform(0, 2 * math.pi), rng.uniform(0.002, 0.008)) for _ in range(4)]
    return sum(height * math.sin(2 * math.pi * block / period + phase) for period, phase, height in waves)


@dataclass(frozen=True, slots=True)
class Tick:
    """One published price. `text` is exact, `timestamp_ms` the instant it is for."""

    channel: str
    symbol: str
    timestamp_ms: int
    text: str
    source: str


@dataclass(slots=True)
class Tape:
    """The last two minutes of every (channel, symbol)."""

    ticks: dict[tuple[str, str], deque[Tick]] = field(default_factory=dict[tuple[str, str], deque[Tick]])

    def add(self, tick: Tick) -> None:
        kept = self.ticks.setdefault((tick.channel, tick.symbol), deque())
        kept.append(tick)
        while kept[0].timestamp_ms <= tick.timestamp_ms - SNAPSHOT_MS:
            kept.popleft()

    def recent(self, channel: str, symbol: str) -> list[Tick]:
        return list(self.ticks.get((channel, symbol), ()))
