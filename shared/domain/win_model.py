"""A trained model as the decisions see it: features in, a probability out."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol


class WinModel(Protocol):
    """`features` name what `p_up` takes, in its order; a list that differs from ours stops the start."""

    @property
    def features(self) -> tuple[str, ...]: ...

    def p_up(self, values: Sequence[float]) -> float:
        """Probability that Up wins, 0 to 1."""
        ...


@dataclass(frozen=True, slots=True)
class LogisticModel:
    """Logistic regression on standardised features; means, scales (above 0) and weights in the order of `features`."""

    features: tuple[str, ...]
    means: tuple[float, ...]
    scales: tuple[float, ...]
    weights: tuple[float, ...]
    intercept: float

    def p_up(self, values: Sequence[float]) -> float:
        terms = zip(values, self.means, self.scales, self.weights, strict=True)
        return _logistic(self.intercept + sum((value - mean) / scale * weight for value, mean, scale, weight in terms))


def _logistic(log_odds: float) -> float:
    """Of either sign without overflow."""
    if log_odds >= 0:
        return 1 / (1 + math.exp(-log_odds))
    odds = math.exp(log_odds)
    return odds / (1 + odds)
