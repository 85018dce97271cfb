"""The account in memory, by the rules of the SQL functions `reserve`, `book_fill` and `settle`: the same refusals, the
same dollars. One account, one strategy, paper: nothing is uncertain and a cancel is answered at once."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from decimal import ROUND_CEILING, ROUND_HALF_UP, Decimal

from shared.domain.ids import MarketId, OrderId, TokenId
from shared.domain.market import Market
from shared.domain.money import FEE_STEP, NO_CASH, NO_SHARES, ONE, SHARE_STEP, Cash, Price, Shares
from shared.domain.order import FINAL, RESTING, Order, OrderStatus, Side

SEVERITY = {"active": 0, "reducing": 1, "halted": 2}
SPENT = Shares(SHARE_STEP)
DOLLARS_SPENT = Cash(Decimal("0.02"))
"""What a taker may have left: it buys no further step of shares."""
OVERSPENT = Cash(Decimal("0.01"))
COST_STEP = Decimal("0.000001")


@dataclass(slots=True)
class Guard:
    """What forbids entries in a market; `settled_by` is the word it was settled by."""

    held: TokenId | None = None
    both_sides: bool = False
    exited: bool = False
    awaiting_settlement: bool = False
    unmatched_fills: int = 0
    settled_by: str | None = None


@dataclass(slots=True)
class Position:
    """`version` counts its changes; `highest_bid` is since the first fill and never falls; `heard` is what the breaker
    was told of its profit."""

    market: MarketId
    token: TokenId
    outcome: str
    highest_bid: Price
    filled_at: datetime
    shares: Shares = NO_SHARES
    cost: Cash = NO_CASH
    fees: Cash = NO_CASH
    realised: Cash = NO_CASH
    heard: Cash = NO_CASH
    version: int = 0
    legs: dict[OrderId, Cash] = field(default_factory=dict[OrderId, Cash])

    @property
    def is_sold_out(self) -> bool:
        return self.shares < SPENT


@dataclass(frozen=True, slots=True)
class Booked:
    """A position that was paid, or shares of it that were sold."""

    market: MarketId
    token: TokenId
    outcome: str
    kind: str
    payout: Decimal
    shares: Shares
    cost: Cash
    fees: Cash
    profit: Cash
    source: str


@dataclass(slots=True)
class _Account:
    """Of one order: its dollars that are still reserved, and what its fills have cost."""

    purpose: str
    takes: bool
    reserved: Cash
    spent: Cash = NO_CASH


class Ledger:
    def __init__(self, max_exposure: Cash) -> None:
        self.max_exposure = max_exposure
        self.open_cost = NO_CASH
        self.reserved = NO_CASH
        self.peak = NO_CASH
        self.causes: dict[str, str] = {}
        self.orders: dict[OrderId, Order] = {}
        self.guards: dict[MarketId, Guard] = {}
        self.positions: dict[TokenId, Position] = {}
        self._accounts: dict[OrderId, _Account] = {}
        self._markets: dict[MarketId, dict[OrderId, None]] = {}
        self._trades: set[tuple[str, OrderId]] = set()

    @property
    def exposure(self) -> Cash:
        return self.open_cost + self.reserved

    @property
    def headroom(self) -> Cash:
        return self.max_exposure - self.exposure

    @property
    def trading_state(self) -> str:
        return max(self.causes.values(), key=SEVERITY.__getitem__, default="active")

    def guard(self, market: MarketId) -> Guard:
        return self.guards.setdefault(market, Guard())

    def orders_of(self, market: MarketId) -> list[Order]:
        return [self.orders[order] for order in self._markets.get(market, ())]

    def purpose_of(self, order: OrderId) -> str:
        return self._accounts[order].purpose

    def reserve(
        self, order: Order, market: Market, now: datetime, *, purpose: str = "entry", takes: bool = False
    ) -> str | None:
        """Takes the order's dollars out of the headroom, a taker's fee included; None, or why not."""
        if order.order_id in self.orders:
            return "ALREADY_RESERVED"
        if all(outcome.token != order.token or outcome.name != order.outcome for outcome in market.outcomes):
            return "UNKNOWN_MARKET"
        dollars = _dollars_at_risk(order, market, takes=takes)
        is_entry = purpose == "entry"
        refusal = self._refuse_entry(order, market, dollars, now) if is_entry else self._refuse_exit(order)
        if refusal is not None:
            return refusal
        self._put(replace(order, status=OrderStatus.SUBMITTING, version=1))
        self._accounts[order.order_id] = _Account(purpose, takes and order.side is Side.BUY, NO_CASH)
        self._move_reserved(order.order_id, dollars)
        return None

    def _refuse_entry(self, order: Order, market: Market, dollars: Cash, now: datetime) -> str | None:
        guard = self.guard(market.market)
        if self.trading_state != "active":
            return "HALTED"
        if market.has_ended(now) or not market.accepting_orders:
            return "MARKET_CLOSED"
        return (
            _refuse_guarded(guard, order.token)
            or self._refuse_among_orders(order, market)
            or ("NO_HEADROOM" if dollars > self.headroom else None)
        )

    def _refuse_among_orders(self, order: Order, market: Market) -> str | None:
        entries = [each for each in self.orders_of(market.market) if self.purpose_of(each.order_id) == "entry"]
        rung = [each for each in entries if (each.outcome, each.rung) == (order.outcome, order.rung)]
        if any(each.is_rung_filled(market.min_shares) for each in rung):
            return "RUNG_TAKEN"
        if any(each.status is OrderStatus.CANCELLING for each in entries):
            return "CANCEL_IN_FLIGHT"
        if any(
            each.outcome == order.outcome and not each.is_final and each.remaining >= market.min_shares
            for each in entries
        ):
            return "ALREADY_WORKING"
        if any(
            each.outcome != order.outcome and not each.is_final and each.price.value + order.price.value >= ONE
            for each in entries
        ):
            return "SELF_CROSSING"
        return "STALE_INTENT" if len(rung) != order.attempt else None

    def _refuse_exit(self, order: Order) -> str | None:
        if self.trading_state == "halted":
            return "HALTED"
        held = self.positions.get(order.token)
        selling = sum(
            (each.remaining for each in self.orders_of(order.market) if _is_selling(each, order.token)), NO_SHARES
        )
        shares = NO_SHARES if held is None else held.shares
        return "NOTHING_TO_SELL" if order.shares + selling > shares else None

    def accept(self, order_id: OrderId) -> None:
        self._status(order_id, OrderStatus.LIVE)

    def cancel(self, order_id: OrderId) -> bool:
        """Gives back what it had reserved; False when it was over already."""
        order = self.orders[order_id]
        if order.is_final:
            return False
        self._status(order_id, OrderStatus.CANCELLED)
        self._release(order_id)
        return True

    def book_fill(self, trade: str, order_id: OrderId, price: Price, shares: Shares, fee: Cash, now: datetime) -> str:
        """booked, seen, too_late, oversize or oversold, as the SQL function says it."""
        order = self.orders[order_id]
        if (trade, order_id) in self._trades:
            return "seen"
        if order.status in FINAL:
            return "too_late"
        if (unbookable := self._why_unbookable(order, price, shares)) is not None:
            self.guard(order.market).unmatched_fills += 1
            return unbookable
        self._trades.add((trade, order_id))
        self._fill_order(order, price, shares)
        if order.side is Side.BUY:
            self._buy(order, price, shares, fee, now)
        return "booked"

    def sell(
        self, trade: str, order_id: OrderId, price: Price, shares: Shares, fee: Cash, now: datetime
    ) -> Booked | str:
        """As `book_fill`, for a sale: shares go at their average cost, the difference is profit at once."""
        order = self.orders[order_id]
        word = self.book_fill(trade, order_id, price, shares, fee, now)
        if word != "booked":
            return word
        held = self.positions[order.token]
        cost = _cost_of(held, shares)
        profit = price * shares - cost - fee
        held.shares, held.cost = held.shares - shares, held.cost - cost
        held.realised, held.version = held.realised + profit, held.version + 1
        self.open_cost -= cost
        return Booked(held.market, held.token, held.outcome, "sale", price.value, shares, cost, fee, profit, trade)

    def settle(self, market: Market, payouts: Mapping[TokenId, Decimal], kind: str, source: str) -> list[Booked] | str:
        """Pays every position of the market, or says why not yet: waiting_orders, unknown_token, venue_spoke. A
        recording's winner is known at once or never, so nothing is ever corrected."""
        guard = self.guard(market.market)
        if any(outcome.token not in payouts for outcome in market.outcomes):
            return "unknown_token"
        if guard.settled_by == "venue" and kind != "venue":
            return "venue_spoke"
        if any(not order.is_final for order in self.orders_of(market.market)):
            return "waiting_orders"
        held = sorted((p for p in self.positions.values() if p.market == market.market), key=lambda p: p.token)
        guard.settled_by, guard.awaiting_settlement = kind, False
        return [paid for position in held if (paid := self._pay(position, payouts, kind, source)) is not None]

    def _pay(self, position: Position, payouts: Mapping[TokenId, Decimal], kind: str, source: str) -> Booked | None:
        if not position.shares and position.fees == NO_CASH and position.cost == NO_CASH:
            return None
        payout = payouts[position.token]
        shares, cost, fees = position.shares, position.cost, position.fees
        profit = Cash(shares.value * payout) - cost - fees
        position.shares, position.cost, position.fees = NO_SHARES, NO_CASH, NO_CASH
        position.realised, position.version = position.realised + profit, position.version + 1
        self.open_cost -= cost
        return Booked(
            position.market, position.token, position.outcome, kind, payout, shares, cost, fees, profit, source
        )

    def raise_highest_bid(self, token: TokenId, bid: Price) -> None:
        position = self.positions[token]
        position.highest_bid = max(position.highest_bid, bid)

    def _why_unbookable(self, order: Order, price: Price, shares: Shares) -> str | None:
        account = self._accounts[order.order_id]
        if account.takes:
            if account.spent + price * shares > order.price * order.shares + OVERSPENT:
                return "oversize"
        elif order.filled + shares > order.shares + SPENT:
            return "oversize"
        held = self.positions.get(order.token)
        is_oversold = order.side is Side.SELL and (held is None or held.shares < shares)
        return "oversold" if is_oversold else None

    def _fill_order(self, order: Order, price: Price, shares: Shares) -> None:
        account = self._accounts[order.order_id]
        account.spent += price * shares
        filled, status = order.filled + shares, order.status
        if self._is_whole(order, filled):
            status = OrderStatus.FILLED
        elif status in RESTING or status is OrderStatus.SUBMITTING:
            status = OrderStatus.PARTLY_FILLED
        self._put(replace(order, filled=filled, status=status, version=order.version + 1))
        paid = price if account.takes else order.price
        due = paid * shares if order.side is Side.BUY else NO_CASH
        self._move_reserved(order.order_id, -min(due, account.reserved))
        if status is OrderStatus.FILLED:
            self._release(order.order_id)

    def _is_whole(self, order: Order, filled: Shares) -> bool:
        """A taker orders dollars: at a better price it gets more shares for them."""
        account = self._accounts[order.order_id]
        if account.takes:
            return order.price * order.shares - account.spent <= DOLLARS_SPENT
        return order.shares.less(filled) <= SPENT

    def _buy(self, order: Order, price: Price, shares: Shares, fee: Cash, now: datetime) -> None:
        guard, cost = self.guard(order.market), price * shares
        position = self.positions.setdefault(
            order.token, Position(order.market, order.token, order.outcome, price, now)
        )
        position.shares, position.cost = position.shares + shares, position.cost + cost
        position.fees, position.version = position.fees + fee, position.version + 1
        position.legs[order.order_id] = position.legs.get(order.order_id, NO_CASH) + cost
        self.open_cost += cost
        self._see_peak()
        guard.both_sides = guard.both_sides or guard.held not in {None, order.token}
        guard.held = guard.held or order.token

    def _status(self, order_id: OrderId, status: OrderStatus) -> None:
        order = self.orders[order_id]
        self._put(replace(order, status=status, version=order.version + 1))

    def _put(self, order: Order) -> None:
        self.orders[order.order_id] = order
        self._markets.setdefault(order.market, {})[order.order_id] = None

    def _release(self, order_id: OrderId) -> None:
        self._move_reserved(order_id, -self._accounts[order_id].reserved)

    def _move_reserved(self, order_id: OrderId, amount: Cash) -> None:
        self._accounts[order_id].reserved += amount
        self.reserved += amount
        self._see_peak()

    def _see_peak(self) -> None:
        self.peak = max(self.peak, self.exposure)


def _refuse_guarded(guard: Guard, token: TokenId) -> str | None:
    if guard.awaiting_settlement or guard.settled_by is not None:
        return "AWAITING_SETTLEMENT"
    if guard.exited:
        return "EXITED"
    if guard.unmatched_fills:
        return "UNMATCHED_FILL"
    return "OTHER_SIDE_HELD" if guard.both_sides or guard.held not in {None, token} else None


def _dollars_at_risk(order: Order, market: Market, *, takes: bool) -> Cash:
    """A taker's fee is rounded up, as the reservation does: the venue does not say which way it rounds."""
    if order.side is Side.SELL:
        return NO_CASH
    price, rate = order.price.value, market.taker_fee_rate if takes else Decimal(0)
    fee = order.shares.value * rate * price * (ONE - price)
    return order.price * order.shares + Cash(fee.quantize(FEE_STEP, ROUND_CEILING))


def _cost_of(held: Position, shares: Shares) -> Cash:
    """Of so many of its shares, at their average."""
    if shares == held.shares:
        return held.cost
    return Cash((held.cost.value * shares.value / held.shares.value).quantize(COST_STEP, ROUND_HALF_UP))


def _is_selling(order: Order, token: TokenId) -> bool:
    return order.side is Side.SELL and order.token == token and not order.is_final
