"""The settings that decide entries, as the domain wants them (strategy section 11)."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Literal

from shared.domain.money import Cash, Price

MinSizePolicy = Literal["refuse", "raise"]


@dataclass(frozen=True, slots=True)
class Rules:
    """Minutes are real minutes into the slot, 0 = no gate; `book_stale_seconds` is domain time.

    `books_show_own_orders` is false in paper: what was never sent is on nobody's book.
    """

    strategy_tag: str
    target_bid: Price
    max_bid: Price
    ladder_rungs: int
    min_entry_minutes: Decimal
    max_entry_minutes: Decimal
    order_size: Cash
    min_size_policy: MinSizePolicy
    book_stale_seconds: float
    books_show_own_orders: bool

    @property
    def is_ladder(self) -> bool:
        return self.ladder_rungs > 1


@dataclass(frozen=True, slots=True)
class Account:
    """What an entry asks of the account. Only a first look: the reservation holds the limit."""

    trading_state: str
    headroom: Cash
