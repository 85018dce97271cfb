"""A trained model as the decisions see it: features in, a probability out."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol


class WinModel(Protocol):
    """`features` name what `p_up` takes, in its order; a list that differs from ours stops the start."""

    @property
    def features(self) -> tuple[str, ...]: ...

    def p_up(self, values: Sequence[float]) -> float:
        """Probability that Up wins, 0 to 1."""
        ...
