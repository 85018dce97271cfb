"""Of what was given a chance of p, how much happened?"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

BINS = 10


@dataclass(frozen=True, slots=True)
class Bin:
    """Means of what was predicted and observed, both 0 to 1, over `count` of them."""

    predicted: float
    observed: float
    count: int


def calibration(predictions: Iterable[tuple[float, bool]], bins: int = BINS) -> list[Bin]:
    """`predictions` are (probability, happened). Bins of equal width, [from, below), 1 in the last; empty ones are left
    out."""
    sorted_in: list[list[tuple[float, bool]]] = [[] for _ in range(bins)]
    for probability, happened in predictions:
        sorted_in[min(int(probability * bins), bins - 1)].append((probability, happened))
    return [_bin(each) for each in sorted_in if each]


def _bin(predictions: list[tuple[float, bool]]) -> Bin:
    count = len(predictions)
    predicted = sum(probability for probability, _ in predictions) / count
    return Bin(predicted, sum(happened for _, happened in predictions) / count, count)
