"""What a replay made of a recording: one record a decision, order change, fill and settlement, and their sum."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal

from shared.domain.money import NO_CASH, Cash, Price, Shares
from shared.domain.verdict import Verdict


@dataclass(slots=True)
class DecisionRecord:
    """The same answer for one outcome, so often in a row; `verdict` is placed, taken, cancelled or refused. `filters`
    are those of the first time. Instants are domain time."""

    market: str
    outcome: str
    verdict: str
    reason: str
    price: Price | None
    repeats: int
    first_at: datetime
    last_at: datetime
    filters: tuple[Verdict, ...] = ()


@dataclass(frozen=True, slots=True)
class OrderRecord:
    """An order's change: reserved, refused, filled, cancelled. `reason` says why it was refused or cancelled."""

    at: datetime
    market: str
    outcome: str
    order_id: str
    purpose: str
    side: str
    rung: int
    attempt: int
    change: str
    reason: str
    price: Price
    shares: Shares
    filled: Shares


@dataclass(frozen=True, slots=True)
class FillRecord:
    """`minute` is minutes into the slot, `fair_value` of the outcome then, None where nothing could be computed."""

    at: datetime
    market: str
    coin: str
    outcome: str
    order_id: str
    side: str
    rung: int
    liquidity: str
    price: Price
    shares: Shares
    fee: Cash
    minute: Decimal
    fair_value: Decimal | None


@dataclass(frozen=True, slots=True)
class SettlementRecord:
    """`kind` is venue, provisional, forced, sale (left early) or unresolved (nothing was booked)."""

    at: datetime
    market: str
    coin: str
    outcome: str
    kind: str
    payout: Decimal | None
    shares: Shares
    cost: Cash
    fees: Cash
    profit: Cash
    source: str


@dataclass(frozen=True, slots=True)
class ShadowRecord:
    """What a taker would have made of the market's first fill; `price` None: there was no ask."""

    at: datetime
    market: str
    coin: str
    outcome: str
    price: Price | None
    shares: Shares
    profit: Cash | None


@dataclass(slots=True)
class CoinSum:
    fills: int = 0
    wins: int = 0
    losses: int = 0
    profit: Cash = NO_CASH
    shadow_profit: Cash = NO_CASH
    seconds_in_market: Decimal = Decimal(0)


@dataclass(slots=True)
class Records:
    """In the order in which things happened."""

    decisions: list[DecisionRecord] = field(default_factory=list[DecisionRecord])
    orders: list[OrderRecord] = field(default_factory=list[OrderRecord])
    fills: list[FillRecord] = field(default_factory=list[FillRecord])
    settlements: list[SettlementRecord] = field(default_factory=list[SettlementRecord])
    shadows: list[ShadowRecord] = field(default_factory=list[ShadowRecord])
