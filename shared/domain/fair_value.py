"""P(outcome wins), from the coin's price alone."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Protocol

from shared.domain.ids import Coin
from shared.domain.reference import UP, up_move_pct


class ImpossiblePriceError(ValueError):
    """A strike or spot that is not above 0: callers treat such a price as missing, `view_of` gives none for it."""


@dataclass(frozen=True, slots=True)
class PriceView:
    """All that a fair value may look at. Prices in dollars, instants domain time.

    `volatility`: standard deviation of the log return over one second, None while too little was heard.
    `window_mean`: mean of the spots since `end` - 60 s, None before that instant (the result is a 60 s average).
    """

    coin: Coin
    strike: Decimal
    spot: Decimal
    volatility: float | None
    window_mean: Decimal | None
    start: datetime
    end: datetime
    now: datetime

    @property
    def seconds_left(self) -> float:
        return max(0.0, (self.end - self.now).total_seconds())


class FairValue(Protocol):
    def p_up(self, view: PriceView) -> Decimal:
        """Probability that Up wins, 0 to 1; a tie counts for Up."""
        ...


def p_win(model: FairValue, view: PriceView, outcome: str) -> Decimal:
    """Down is the complement of Up."""
    up = model.p_up(view)
    return up if outcome == UP else 1 - up


def up_move_of(view: PriceView) -> Decimal:
    """Up's move in percent. Raises ImpossiblePriceError: without a price there is no probability, not even a half."""
    move = up_move_pct(view.strike, view.spot)
    if move is None:
        raise ImpossiblePriceError(f"no fair value of {view.coin} at {view.spot} against {view.strike}")
    return move
