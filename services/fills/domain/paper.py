"""When a paper order fills, on real books (strategy section 8). A resting buy fills whole at its own price; an
immediate order is matched by the first look at it, or killed."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal

from shared.domain.ids import MarketId, OrderId, TokenId, TradeId
from shared.domain.money import Price, Shares
from shared.domain.order import IMMEDIATE, Side, TimeInForce

NARROW_SPREAD = Decimal("0.03")


@dataclass(frozen=True, slots=True)
class PaperTop:
    """Best bid, with its size, and ask of a token; `is_known` is False while the feed is gone."""

    bid: Price | None
    ask: Price | None
    is_known: bool
    bid_shares: Shares | None = None


@dataclass(frozen=True, slots=True)
class PaperOrder:
    """A working order. `at_best_since`: since when it has been at the best bid without a break, None when it is not.
    `fills` counts what was filled before, for the next trade's id."""

    order_id: OrderId
    market: MarketId
    token: TokenId
    price: Price
    remaining: Shares
    market_ends_at: datetime
    at_best_since: datetime | None = None
    fills: int = 0
    side: Side = Side.BUY
    time_in_force: TimeInForce = TimeInForce.GTC

    @property
    def is_immediate(self) -> bool:
        return self.time_in_force in IMMEDIATE

    def next_trade(self) -> TradeId:
        """The same fill of the same order always has the same id."""
        return TradeId(f"paper-{self.order_id}-{self.fills + 1}")


@dataclass(frozen=True, slots=True)
class Match:
    """What an immediate order gets, as a taker; the rest of it is killed."""

    price: Price
    shares: Shares


def match_at_once(order: PaperOrder, top: PaperTop | None, now: datetime) -> Match | None:
    """A purchase spends its dollars at the ask, whole or not at all; a sale goes to the best bid, up to its size. None:
    killed, because the price is beyond the order's, the side is empty, or nobody knows the book."""
    if top is None or not top.is_known or now >= order.market_ends_at:
        return None
    if order.side is Side.SELL:
        return _sold(order, top)
    if top.ask is None or top.ask > order.price:
        return None
    return Match(top.ask, Shares.bought_with(order.price * order.remaining, top.ask))


def _sold(order: PaperOrder, top: PaperTop) -> Match | None:
    if top.bid is None or top.bid < order.price:
        return None
    shares = order.remaining if top.bid_shares is None else min(order.remaining, top.bid_shares)
    return Match(top.bid, shares) if shares else None


def look(order: PaperOrder, top: PaperTop | None, now: datetime, patience_seconds: float) -> tuple[PaperOrder, bool]:
    """The order after this look, and whether it fills: the ask reached it, the bid fell below it, or it was at the best
    bid on a narrow spread for `patience_seconds` of domain time. No bid is not a bid below it."""
    if top is None or not top.is_known or now >= order.market_ends_at:
        return replace(order, at_best_since=None), False
    if top.ask is not None and top.ask <= order.price:
        return order, True
    if top.bid is not None and top.bid < order.price:
        return order, True
    if not _is_at_best(order, top):
        return replace(order, at_best_since=None), False
    since = order.at_best_since or now
    return replace(order, at_best_since=since), (now - since).total_seconds() >= patience_seconds


def _is_at_best(order: PaperOrder, top: PaperTop) -> bool:
    if top.bid is None or top.ask is None or top.bid != order.price:
        return False
    return top.ask.value - top.bid.value <= NARROW_SPREAD
