"""All the bidder knows of one market, as one value; each transition gives a new one and none loses an order."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from decimal import Decimal
from typing import TypeVar

from services.bidder.domain.ladder import LADDER_TICK, rung_prices
from services.bidder.domain.reasons import Reason, Refused
from services.bidder.domain.rules import Rules
from shared.domain.book import Level, net_of_own
from shared.domain.ids import OrderId, TokenId
from shared.domain.market import Market, Outcome
from shared.domain.money import NO_SHARES, ONE, Price, Shares
from shared.domain.order import Order, OrderStatus, Side
from shared.domain.reference import Spot, Strike

V = TypeVar("V")
REFUSED_FILLS_MAX = 100
DEPTH = 2
"""Bids of a quote at most; when all of them are ours, what lies beneath is hidden."""


@dataclass(frozen=True, slots=True)
class Quote:
    """The top of one token's book, best first; `known` is false from a lost connection until the next snapshot.

    `sequence` names the top that was heard. A level of no shares is one whose size nobody told."""

    token: TokenId
    bids: tuple[Level, ...]
    asks: tuple[Level, ...]
    known: bool
    seen_at: datetime
    sequence: int = 0

    @property
    def is_crossed(self) -> bool:
        """A bid above the ask: one of them is wrong, and nobody knows which."""
        return bool(self.bids and self.asks) and self.bids[0].price.value > self.asks[0].price.value

    def age_seconds(self, now: datetime) -> float:
        return (now - self.seen_at).total_seconds()


@dataclass(frozen=True, slots=True)
class Holding:
    token: TokenId
    shares: Shares
    version: int


@dataclass(frozen=True, slots=True)
class Fill:
    """A booking of a fill; `shares` count for nothing once it has failed."""

    fill_id: int
    order_id: OrderId
    shares: Shares
    failed: bool
    version: int


@dataclass(frozen=True, slots=True)
class Intent:
    """An entry asked for and not yet answered; it holds the order's place until the wall instant `valid_until`."""

    order: Order
    valid_until: datetime


@dataclass(frozen=True, slots=True)
class Flags:
    """What forbids entries in the market for good, or until settlement takes it back."""

    exited: bool = False
    awaiting_settlement: bool = False
    both_sides: bool = False
    unmatched_fill: bool = False


@dataclass(frozen=True, slots=True)
class MarketState:
    """`ladder` is empty in single-order mode; `version` is that of the listing.

    `cancels` are the cancels asked for, each until the wall instant at which it may be asked for again.
    """

    market: Market
    ladder: tuple[Price, ...] = ()
    version: int = 0
    strike: Strike | None = None
    strike_version: int = 0
    spot: Spot | None = None
    flags: Flags = Flags()
    quotes: Mapping[TokenId, Quote] = field(default_factory=dict[TokenId, Quote])
    orders: Mapping[OrderId, Order] = field(default_factory=dict[OrderId, Order])
    intents: Mapping[OrderId, Intent] = field(default_factory=dict[OrderId, Intent])
    cancels: Mapping[OrderId, datetime] = field(default_factory=dict[OrderId, datetime])
    holdings: Mapping[TokenId, Holding] = field(default_factory=dict[TokenId, Holding])
    fills: Mapping[int, Fill] = field(default_factory=dict[int, Fill])
    refused_fills: tuple[Fill, ...] = ()

    # what is asked of it

    def entries(self, tag: str, outcome: str) -> tuple[Order, ...]:
        """Every order of the strategy on the outcome there ever was, in any status."""
        mine = f"{tag}/"
        return tuple(
            order
            for order in self.orders.values()
            if order.outcome == outcome and order.side is Side.BUY and order.order_id.startswith(mine)
        )

    def is_held(self, token: TokenId) -> bool:
        """By its position, or by the fills of its orders until the position is known."""
        holding = self.holdings.get(token)
        if holding is not None:
            return bool(holding.shares)
        return any(order.filled for order in self.orders.values() if order.token == token and order.side is Side.BUY)

    def is_working(self, outcome: str) -> bool:
        """An entry of any strategy may be filled there. A rest below the venue's minimum holds nothing up."""
        return any(
            order.outcome == outcome
            and order.side is Side.BUY
            and not order.is_final
            and order.status is not OrderStatus.CANCELLING
            and order.order_id not in self.cancels
            and order.remaining >= self.market.min_shares
            for order in self.orders.values()
        )

    def meets_own(self, outcome: str, price: Price) -> bool:
        """A bid there at `price` would trade with an entry of any strategy on the other outcome: together they pay a
        whole set or more. One that is leaving is waited for anyway."""
        return any(
            order.outcome != outcome
            and order.side is Side.BUY
            and not order.is_final
            and order.status is not OrderStatus.CANCELLING
            and order.order_id not in self.cancels
            and order.price.value + price.value >= ONE
            for order in self.orders.values()
        )

    def has_cancel_in_flight(self) -> bool:
        return bool(self.cancels) or any(order.status is OrderStatus.CANCELLING for order in self.orders.values())

    def has_intent(self, outcome: str, rung: int) -> bool:
        return any(intent.order.outcome == outcome and intent.order.rung == rung for intent in self.intents.values())

    def best_bid(self, outcome: Outcome, rules: Rules) -> Level | None:
        """Net of our own resting orders: our bid is not evidence for our bid."""
        quote = self.quotes.get(outcome.token)
        if quote is None:
            return None
        if not (rules.books_show_own_orders and self.orders):
            return quote.bids[0] if quote.bids else None
        return net_of_own(list(quote.bids), self._own_bids(outcome.token))

    def is_bid_hidden(self, outcome: Outcome, rules: Rules) -> bool:
        """Every bid we were told of is ours, and there may be more beneath."""
        quote = self.quotes.get(outcome.token)
        return quote is not None and len(quote.bids) >= DEPTH and self.best_bid(outcome, rules) is None

    def best_ask(self, outcome: Outcome) -> Level | None:
        quote = self.quotes.get(outcome.token)
        return quote.asks[0] if quote is not None and quote.asks else None

    def reference(self, now: datetime, stale_seconds: float) -> tuple[Decimal, Decimal] | None:
        """Strike and spot, dollars; None while one is missing or the spot is older than that."""
        if self.strike is None or self.spot is None or (now - self.spot.at).total_seconds() > stale_seconds:
            return None
        return self.strike.price, self.spot.price

    def _own_bids(self, token: TokenId) -> dict[Price, Shares]:
        own: dict[Price, Shares] = {}
        for order in self.orders.values():
            if order.token == token and order.side is Side.BUY and not order.is_final:
                own[order.price] = own.get(order.price, NO_SHARES) + order.remaining
        return own

    # what happens to it

    def with_market(self, market: Market, version: int) -> MarketState:
        """The newer listing. The ladder stays: a rung is known by its index, whatever the tick does later."""
        return replace(self, market=market, version=version) if version >= self.version else self

    def with_strike(self, strike: Strike, version: int) -> MarketState:
        """The newer word on it; a stream that is read again tells the older ones first."""
        if version < self.strike_version:
            return self
        return replace(self, strike=strike, strike_version=version)

    def with_quote(self, quote: Quote) -> MarketState:
        return replace(self, quotes={**self.quotes, quote.token: quote})

    def with_holding(self, holding: Holding) -> MarketState:
        known = self.holdings.get(holding.token)
        if known is not None and known.version >= holding.version:
            return self
        return replace(self, holdings={**self.holdings, holding.token: holding})

    def with_intent(self, intent: Intent) -> MarketState | Refused:
        """A placeholder until the order's first fact confirms its id. Refused on the other outcome of a held market."""
        order = intent.order
        if order.order_id in self.orders or order.order_id in self.intents:
            return Refused(Reason.DUPLICATE_ORDER)
        if self.is_held(self.market.other(order.outcome).token):
            return Refused(Reason.OTHER_SIDE_HELD)
        return replace(self, intents={**self.intents, order.order_id: intent})

    def with_order(self, order: Order) -> MarketState:
        """The order's newer truth, which also answers its intent; an older one changes nothing. Whatever the table says
        is recorded, even what should not be."""
        known = self.orders.get(order.order_id)
        if known is not None and known.version >= order.version:
            return self
        newer = replace(order, filled=max(order.filled, self._booked(order.order_id)))
        is_cancel_answered = order.is_final or order.status is OrderStatus.CANCELLING
        return replace(
            self,
            orders={**self.orders, order.order_id: newer},
            intents=_without(self.intents, order.order_id),
            cancels=_without(self.cancels, order.order_id) if is_cancel_answered else self.cancels,
        )

    def with_cancel_asked(self, order_id: OrderId, until: datetime) -> MarketState | Refused:
        """The order stays matchable until the venue's last word."""
        if order_id not in self.orders:
            return Refused(Reason.UNKNOWN_ORDER)
        return replace(self, cancels={**self.cancels, order_id: until})

    def with_fill(self, fill: Fill) -> MarketState | Refused:
        """Counts a fill to its order, whatever the order's status. One that was counted, or that exceeds the order, is
        refused; the latter is kept for inspection and closes the market to entries."""
        known = self.fills.get(fill.fill_id)
        order = self.orders.get(fill.order_id)
        if known is not None and known.version >= fill.version:
            return Refused(Reason.DUPLICATE_FILL)
        if order is None:
            return Refused(Reason.UNKNOWN_ORDER)
        counted = replace(self, fills={**self.fills, fill.fill_id: fill})
        booked = counted._booked(order.order_id)
        if booked > order.shares:
            return Refused(Reason.OVERSIZE_FILL)
        newer = replace(order, filled=max(order.filled, booked))
        return replace(counted, orders={**self.orders, order.order_id: newer})

    def with_refused_fill(self, fill: Fill) -> MarketState:
        return replace(self, refused_fills=(*self.refused_fills, fill)[-REFUSED_FILLS_MAX:])

    def without_expired(self, wall: datetime) -> MarketState:
        """Intents and cancels that nobody answered in time may be asked for again."""
        if not self.intents and not self.cancels:
            return self
        return replace(
            self,
            intents={order: intent for order, intent in self.intents.items() if wall < intent.valid_until},
            cancels={order: until for order, until in self.cancels.items() if wall < until},
        )

    def _booked(self, order_id: OrderId) -> Shares:
        counted = (fill.shares for fill in self.fills.values() if fill.order_id == order_id and not fill.failed)
        return sum(counted, NO_SHARES)


def listed(market: Market, rules: Rules) -> MarketState:
    """A market as it is first heard of, with the prices of its rungs."""
    if not rules.is_ladder:
        return MarketState(market)
    tick = max(market.tick, LADDER_TICK)
    return MarketState(market, rung_prices(rules.target_bid, rules.max_bid, rules.ladder_rungs, tick))


def _without(mapping: Mapping[OrderId, V], key: OrderId) -> Mapping[OrderId, V]:
    return {each: value for each, value in mapping.items() if each != key} if key in mapping else mapping
