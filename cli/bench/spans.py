"""Percentiles of measured spans."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Spread:
    """Milliseconds at the 50th, 95th and 99th percentile of `samples` spans."""

    samples: int
    p50_ms: float
    p95_ms: float
    p99_ms: float


def spread(seconds: Sequence[float]) -> Spread:
    """Nearest rank. Raises ValueError without a sample."""
    if not seconds:
        raise ValueError("no samples")
    ordered = sorted(seconds)

    def at(percent: int) -> float:
        rank = -(-percent * len(ordered) // 100)
        return round(ordered[max(0, rank - 1)] * 1000, 3)

    return Spread(len(ordered), at(50), at(95), at(99))
