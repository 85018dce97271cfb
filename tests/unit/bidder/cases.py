"""A market in the range, its orders and its rules: each test says only what differs."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from services.bidder.domain.candidate import Candidate, candidate
from services.bidder.domain.judge import Chances, Judge
from services.bidder.domain.market_state import Holding, MarketState, Quote, listed
from services.bidder.domain.rules import Account, Rules
from shared.domain.book import Level
from shared.domain.ids import Coin, MarketId, OrderId, TokenId, VenueOrderId, entry_order_id
from shared.domain.market import Market, Outcome, ProtocolVersion
from shared.domain.money import Cash, Price, Shares
from shared.domain.order import Order, OrderStatus, Side
from shared.domain.reference import Spot, Strike

START = datetime(2026, 4, 1, 12, tzinfo=UTC)
NOW = START + timedelta(minutes=5)
UP, DOWN = Outcome("Up", TokenId("111")), Outcome("Down", TokenId("222"))
MARKET = Market(
    market=MarketId("0xabc"),
    slug="btc-updown-15m-1775044800",
    coin=Coin("btc"),
    start=START,
    end=START + timedelta(minutes=15),
    outcomes=(UP, DOWN),
    tick=Decimal("0.01"),
    min_shares=Shares.of(5),
    taker_fee_rate=Decimal("0.07"),
    version=ProtocolVersion.V1,
    neg_risk=False,
    accepting_orders=True,
)
RULES = Rules(
    strategy_tag="tag",
    target_bid=Price.of("0.75"),
    max_bid=Price.of("0.85"),
    ladder_rungs=1,
    min_entry_minutes=Decimal(0),
    max_entry_minutes=Decimal(0),
    order_size=Cash.of(8),
    min_size_policy="refuse",
    stale_seconds=30.0,
    books_show_own_orders=True,
)
LADDER_RULES = replace(RULES, ladder_rungs=3)
ACCOUNT = Account("active", Cash.of(100))


def level(price: str, shares: str = "50") -> Level:
    return Level(Price.of(price), Shares.of(shares))


def quote(outcome: Outcome, *bids: str, ask: str | None = None, known: bool = True, seen_at: datetime = NOW) -> Quote:
    asks = () if ask is None else (level(ask),)
    return Quote(outcome.token, tuple(level(bid) for bid in bids), asks, known, seen_at)


def order(outcome: Outcome = UP, **given: Any) -> Order:
    """A live entry of ten shares at 0.80 unless told otherwise."""
    rung, attempt, tag = given.pop("rung", 0), given.pop("attempt", 0), given.pop("tag", "tag")
    made = Order(
        order_id=entry_order_id(tag, MARKET.market, outcome.name, rung, attempt),
        market=MARKET.market,
        token=outcome.token,
        outcome=outcome.name,
        side=Side.BUY,
        rung=rung,
        attempt=attempt,
        price=Price.of(given.pop("price", "0.80")),
        shares=Shares.of(given.pop("shares", "10")),
        filled=Shares.of(given.pop("filled", "0")),
        status=OrderStatus(given.pop("status", "live")),
        venue_order_id=VenueOrderId("0xfeed"),
        placed_at=NOW,
        version=given.pop("version", 1),
    )
    return replace(made, **given)


def holding(outcome: Outcome, shares: str = "10", version: int = 1) -> Holding:
    return Holding(outcome.token, Shares.of(shares), version)


def state(*orders: Order, rules: Rules = RULES, bids: tuple[str, ...] = ("0.80",), ask: str = "0.83") -> MarketState:
    """Up bid at 0.80 and offered at 0.83, Down bid at 0.17."""
    made = listed(MARKET, rules).with_quote(quote(UP, *bids, ask=ask)).with_quote(quote(DOWN, "0.17", ask="0.20"))
    for each in orders:
        made = made.with_order(each)
    return made


def look(
    of: MarketState,
    *,
    outcome: Outcome = UP,
    rules: Rules = RULES,
    account: Account = ACCOUNT,
    now: datetime = NOW,
    fair: str | None = None,
    model: str | None = None,
) -> Candidate:
    return candidate(of, outcome, account, judge(rules, fair, model), now)


def judge(rules: Rules = RULES, fair: str | None = None, model: str | None = None) -> Judge:
    """`fair` and `model` are Up's chances as told; without one, fair value is unknown and there is no model."""
    return Judge(rules, told(fair), None if model is None else told(model))


def told(p_up: str | None) -> Chances:
    return lambda _state, _now: None if p_up is None else Decimal(p_up)


def priced(of: MarketState, spot: str = "100.2", strike: str = "100", at: datetime = NOW) -> MarketState:
    """The coin has moved by 0.2 percent since the strike."""
    return replace(of, strike=Strike(Decimal(strike), "exact"), spot=Spot(Decimal(spot), at))


def order_id(text: str) -> OrderId:
    return OrderId(text)
