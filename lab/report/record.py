"""What a report is about, wherever it was read: closed positions with their entries, and why there was no bid."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal

from shared.domain.ids import OrderId
from shared.domain.money import NO_CASH, NO_SHARES, Cash, Price, Shares

SYNTHETIC = "The coin's prices are synthetic: nothing here says what real prices would have brought."


@dataclass(frozen=True, slots=True)
class Entry:
    """A purchase. `minute` into the slot; `fair_value` of the outcome then, None where nobody had asked for it."""

    at: datetime
    order: OrderId
    rung: int
    price: Price
    shares: Shares
    minute: Decimal
    fair_value: Decimal | None

    @property
    def cost(self) -> Cash:
        return self.price * self.shares


@dataclass(frozen=True, slots=True)
class Trade:
    """A closed position. `profit` is after fees. `payout` per share, None where it was sold before the end.
    `shadow_profit` is the shadow taker's in this market, None where there was none for this outcome."""

    market: str
    coin: str
    outcome: str
    closed_at: datetime
    entries: tuple[Entry, ...]
    profit: Cash
    fees: Cash
    payout: Decimal | None
    left_early: bool
    shadow_profit: Cash | None

    @property
    def cost(self) -> Cash:
        return sum((entry.cost for entry in self.entries), NO_CASH)

    @property
    def price(self) -> Decimal:
        """Paid per share, the fee apart."""
        shares = sum((entry.shares for entry in self.entries), NO_SHARES)
        return self.cost.value / shares.value

    @property
    def minute(self) -> Decimal:
        return min(entry.minute for entry in self.entries)

    @property
    def is_won(self) -> bool:
        """By the sign of its profit, as the breaker counts."""
        return self.profit > NO_CASH

    @property
    def is_lost(self) -> bool:
        return self.profit < NO_CASH


@dataclass(frozen=True, slots=True)
class Refusals:
    """So many looks at an outcome that ended with this reason, the last of them at `last_at`."""

    reason: str
    looks: int
    last_at: datetime


@dataclass(frozen=True, slots=True)
class Period:
    """Of domain time, `until` excluded; None is open."""

    since: datetime | None = None
    until: datetime | None = None

    def holds(self, instant: datetime) -> bool:
        return (self.since is None or instant >= self.since) and (self.until is None or instant < self.until)


@dataclass(frozen=True, slots=True)
class Record:
    """`trades` in the order they closed. `source` says of whom or what this is, `mode` how fills came about, `prices`
    where the coin's price came from; `warning` is what a reader must know first, or nothing. `unsettled` positions are
    in nothing else."""

    source: str
    mode: str
    prices: str
    warning: str
    trades: tuple[Trade, ...]
    refusals: tuple[Refusals, ...]
    unsettled: int
    shadows_without_ask: int
    period: Period = Period()
    notes: tuple[str, ...] = ()

    def within(self, period: Period) -> Record:
        """Positions that closed in it, and what was refused up to an instant in it."""
        return replace(
            self,
            trades=tuple(trade for trade in self.trades if period.holds(trade.closed_at)),
            refusals=tuple(each for each in self.refusals if period.holds(each.last_at)),
            period=period,
        )


def in_order(trades: Iterable[Trade]) -> tuple[Trade, ...]:
    return tuple(sorted(trades, key=lambda trade: (trade.closed_at, trade.market, trade.outcome)))
