"""A made-up price under recorded books, for recordings that came without one.

The path is not data. It follows the recorded chance of Up the way a driftless price would: with `left` seconds to go
and a volatility of `sigma` per root second, P(Up) = Phi(move / (sigma * sqrt(left))), hence
move = probit(mid) * sigma * sqrt(left), plus seeded noise. Its 60 s averages settle every slot as the recording says;
a seed for which they do not is refused.
"""

import random
from bisect import bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_EVEN, Decimal
from math import sqrt
from statistics import NormalDist

from lab.convert.prices import PriceStream
from lab.convert.recording import Slot

SOURCE = "synthetic"
SIGMA = 8e-5
AVERAGE_SECONDS = 60
LEAD_SECONDS = 300
TAIL_SECONDS = 120
LAG_MS = 700
READABLE = 0.03
FOLLOW = 0.25
NOISE = 0.7
REVERT = 0.95
CENT = Decimal("0.01")
SIXTIETH = Decimal("0.0001")

Mids = Sequence[tuple[int, float]]


class SeedDoesNotSettleError(Exception):
    """The path of this seed ends a slot on the wrong outcome; take another seed."""


@dataclass(slots=True)
class _Walk:
    """Moves in fractions of the starting level; `move` follows its target, `noise` reverts to nothing."""

    chance: random.Random
    move: float = 0.0
    noise: float = 0.0

    def step(self, target: float) -> float:
        self.move += FOLLOW * (target - self.move)
        # A sum of twelve uniforms is normal enough and, unlike gauss(), the same to the last bit on every machine.
        shock = sum(self.chance.random() for _ in range(12)) - 6
        self.noise = REVERT * self.noise + NOISE * SIGMA * shock
        return self.move + self.noise


def spot_path(slots: Sequence[Slot], mids: Mapping[str, Mids], level: Decimal, seed: int) -> list[tuple[int, Decimal]]:
    """Returns (unix second, price) for every second from 300 s before the first slot to 120 s after the last.

    `mids` gives, per slug, the recorded (ms, mid of Up) in time order. Slots must adjoin.
    Raises SeedDoesNotSettleError.
    """
    ordered = sorted(slots, key=lambda slot: slot.start)
    walk = _Walk(random.Random(seed))  # noqa: S311 - a picture, not a secret
    path: list[tuple[int, Decimal]] = []

    def extend(second: int, target: float) -> None:
        factor = Decimal(repr(1 + walk.step(target)))
        path.append((second, (level * factor).quantize(CENT, ROUND_HALF_EVEN)))

    for second in range(ordered[0].start - LEAD_SECONDS, ordered[0].start + 1):
        extend(second, 0.0)
    for slot in ordered:
        strike = average_at(path, slot.start)
        base = float(strike / level) - 1
        target = base
        for second in range(slot.start + 1, slot.end + 1):
            target = _target(base, target, slot, second, mids[slot.slug])
            extend(second, target)
        _check(slot, strike, average_at(path, slot.end))
    for second in range(ordered[-1].end + 1, ordered[-1].end + TAIL_SECONDS + 1):
        extend(second, walk.move)
    return path


def average_at(path: Sequence[tuple[int, Decimal]], second: int) -> Decimal:
    """Returns the mean of the 60 values stamped second-59 .. second."""
    last = second - path[0][0]
    window = path[last - AVERAGE_SECONDS + 1 : last + 1]
    return (sum((price for _, price in window), Decimal(0)) / len(window)).quantize(SIXTIETH, ROUND_HALF_EVEN)


def publish(path: Sequence[tuple[int, Decimal]], symbol: str, stream: PriceStream) -> None:
    """Writes spot and, once 60 values are there, their average, a second each, 0.7 s after their stamp."""
    for index, (second, price) in enumerate(path):
        stamp = second * 1000
        stream.spot(stamp + LAG_MS, symbol, price, stamp, SOURCE)
        if index >= AVERAGE_SECONDS - 1:
            stream.average(stamp + LAG_MS, symbol, average_at(path, second), stamp, SOURCE)


def _target(base: float, held: float, slot: Slot, second: int, mids: Mids) -> float:
    known = bisect_right(mids, (second * 1000 + 999, 2.0))
    mid = mids[known - 1][1] if known else 0.5
    if not READABLE <= mid <= 1 - READABLE:
        return held  # a book at the edge says who wins, not by how much
    left = max(slot.end - second - 40, 20)
    return base + NormalDist().inv_cdf(mid) * SIGMA * sqrt(left)


def _check(slot: Slot, strike: Decimal, final: Decimal) -> None:
    if slot.winner is not None and (final >= strike) != (slot.winner == 0):
        raise SeedDoesNotSettleError(f"{slot.slug}: strike {strike}, final {final}, recorded winner {slot.winner}")
