"""What an operator sees. Money in dollars and prices as Decimal; `occurred` instants are domain time, others wall."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal


@dataclass(frozen=True, slots=True)
class Cause:
    """One reason not to trade freely; `state` is what it alone would make of the trading state."""

    cause: str
    state: str
    detail: str
    set_by: str
    since: datetime


@dataclass(frozen=True, slots=True)
class Exposure:
    """Dollars: cost of positions, reserved by live orders, the limit, and the highest sum ever reached."""

    open_cost: Decimal
    reserved: Decimal
    limit: Decimal
    peak: Decimal


@dataclass(frozen=True, slots=True)
class AccountView:
    account: str
    trading_state: str
    causes: tuple[Cause, ...]
    exposure: Exposure


@dataclass(frozen=True, slots=True)
class BreakerView:
    """Dollars; the day is the UTC day of domain time, over all accounts of the mode. Limits are None until risk has
    given them."""

    tripped: bool
    reason: str
    tripped_at: datetime | None
    session_profit: Decimal
    max_drawdown: Decimal | None
    losses_in_a_row: int
    max_losses: int | None
    day_profit: Decimal
    daily_limit: Decimal | None
    reset_at: datetime | None


@dataclass(frozen=True, slots=True)
class TopView:
    """Best bid and ask of one outcome; `known` is false from a lost connection until the next snapshot."""

    outcome: str
    token: str
    bid: Decimal | None
    bid_shares: Decimal | None
    ask: Decimal | None
    ask_shares: Decimal | None
    known: bool
    seen_at: datetime | None


@dataclass(frozen=True, slots=True)
class MarketView:
    """`move_pct`: percent change of the spot since the strike; `decision`: the bidder's latest word on each outcome."""

    market: str
    slug: str
    coin: str
    start: datetime
    end: datetime
    strike: Decimal | None
    strike_source: str | None
    spot: Decimal | None
    price_source: str | None
    move_pct: Decimal | None
    tops: tuple[TopView, ...]
    decisions: dict[str, str]


@dataclass(frozen=True, slots=True)
class OrderView:
    order_id: str
    market: str
    slug: str
    outcome: str
    side: str
    purpose: str
    rung: int
    attempt: int
    price: Decimal
    shares: Decimal
    filled: Decimal
    reserved: Decimal
    status: str
    reason: str
    venue_order_id: str | None
    placed_at: datetime


@dataclass(frozen=True, slots=True)
class PositionView:
    """`profit` is None while nothing of the position is realised; `worth` marks held shares to the best bid."""

    market: str
    slug: str
    outcome: str
    token: str
    shares: Decimal
    confirmed_shares: Decimal
    cost: Decimal
    average_price: Decimal | None
    bid: Decimal | None
    worth: Decimal | None
    settled: bool
    profit: Decimal | None
    filled_at: datetime


@dataclass(frozen=True, slots=True)
class SettlementView:
    slug: str
    outcome: str
    kind: str
    payout: Decimal
    shares: Decimal
    profit: Decimal
    source: str
    occurred_at: datetime


@dataclass(frozen=True, slots=True)
class ProfitView:
    """Realised dollars: ever, and of the UTC day of domain time; wins and losses are closed positions by sign. Beside
    them what the shadow taker would have made."""

    realised: Decimal
    today: Decimal
    fees: Decimal
    wins: int
    losses: int
    fills: int
    shadow_wins: int
    shadow_losses: int
    shadow_profit: Decimal
    settlements: tuple[SettlementView, ...]


@dataclass(frozen=True, slots=True)
class ServiceView:
    """`age_seconds` (wall) since the service last said that it lives."""

    service: str
    instance: str
    age_seconds: float


@dataclass(frozen=True, slots=True)
class Overview:
    at: datetime
    domain_at: datetime
    speed: float
    venue: str
    mode: str
    run_id: str
    account: AccountView
    profit: ProfitView
    markets: tuple[MarketView, ...]
    orders: tuple[OrderView, ...]
    positions: tuple[PositionView, ...]
    services: tuple[ServiceView, ...]
