"""What decides besides the state: the rules, and what is thought of Up's chances."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from services.bidder.domain.market_state import MarketState
from services.bidder.domain.rules import Rules

Chances = Callable[[MarketState, datetime], Decimal | None]
"""P(Up wins), 0 to 1, at an instant of domain time; None for lack of data."""


def unknown(_state: MarketState, _now: datetime) -> None:
    """Nobody knows, so whoever asks refuses."""


@dataclass(frozen=True, slots=True)
class Judge:
    """With an entry model, `model_p_up` replaces filters 2 to 5."""

    rules: Rules
    fair_p_up: Chances = unknown
    model_p_up: Chances | None = None

    @property
    def is_dynamic(self) -> bool:
        """A model without a mode of its own decides as ml-hybrid."""
        return self.rules.entry_mode == "ml-dynamic"
