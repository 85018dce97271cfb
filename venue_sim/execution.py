"""Fills become trades: recorded, booked, printed, and settled a little later."""

import uuid
from typing import Protocol

from venue_sim.book import Book, Fill
from venue_sim.clock import Clock
from venue_sim.eip712 import keccak
from venue_sim.facts import Fact, MakerLeg, Traded, TradeMoved
from venue_sim.faults.switchboard import Faults
from venue_sim.journal import Journal, NoJournal
from venue_sim.ledger import FLOW
from venue_sim.markets import Market
from venue_sim.orders import BookSide, Order, OrderTerms, Side
from venue_sim.state import FAILED, State, Trade, halves
from venue_sim.timeline import Timeline
from venue_sim.units import ONE, UNIT

MINED, CONFIRMED, RETRYING = "MINED", "CONFIRMED", "RETRYING"
Steps = tuple[tuple[str, int], ...]


class Audience(Protocol):
    """Who hears of changes: the sockets in production, a list in tests."""

    def market_listed(self, market: Market) -> None: ...

    def book_changed(self, market: Market, changes: list[tuple[BookSide, int, int]]) -> None: ...

    def printed(self, market: Market, side: Side, up_price: int, shares: int) -> None: ...

    def tick_changed(self, market: Market, old: int) -> None: ...

    def market_resolved(self, market: Market) -> None: ...

    def order_changed(self, order: Order, kind: str) -> None: ...

    def trade_changed(self, trade: Trade) -> None: ...


class Register:
    """The state with its journal: a fact is written down before it is believed."""

    def __init__(self, clock: Clock, journal: Journal | NoJournal) -> None:
        self.clock = clock
        self.state = State()
        self._journal = journal
        for fact in journal.facts:
            self.state.apply(fact)

    def record(self, fact: Fact) -> None:
        self._journal.append(fact)
        self.state.apply(fact)

    def domain_ms(self) -> int:
        """Domain time now; before it is set, wall time."""
        wall_ms = self.clock.wall_ms()
        return self.state.time.at(wall_ms) if self.state.time else wall_ms


class Execution:
    """Settlement delays are wall milliseconds after the match."""

    def __init__(
        self,
        register: Register,
        timeline: Timeline,
        audience: Audience,
        faults: Faults,
        *,
        mined_after_ms: int,
        confirmed_after_ms: int,
    ) -> None:
        self._register = register
        self._timeline = timeline
        self._audience = audience
        self._faults = faults
        self._mined_after_ms = mined_after_ms
        self._confirmed_after_ms = confirmed_after_ms
        for trade in register.state.trades.values():
            if trade.status not in {CONFIRMED, FAILED}:
                self._settle_later(trade.fact.id)

    def account_takes(self, market: Market, book: Book, order: Order, fills: list[Fill]) -> None:
        """An account's order against flow and other accounts: one trade a price."""
        terms = order.terms
        resting: BookSide = "ask" if terms.book_side == "bid" else "bid"
        for bucket, (price, group) in enumerate(_by_price(fills).items()):
            for fill in group:
                if fill.order is None:
                    book.consume_flow(resting, price, fill.shares, by_flow=False)
            self._trade(market, book, group, _taken_by(market, terms, group, bucket))
            self.print(market, book, terms.book_side, price, sum(fill.shares for fill in group))
        if fills:
            self._audience.order_changed(order, "UPDATE")

    def flow_takes(self, market: Market, book: Book, side: BookSide, fills: list[Fill]) -> None:
        """The flow against accounts; as taker it always deals in Up."""
        groups = _by_price(fills)
        if len(fills) > 1 and self._faults.strikes("trades_joined"):
            self._trade(market, book, fills, _taken_by_flow(side))
        else:
            for group in groups.values():
                self._trade(market, book, group, _taken_by_flow(side))
        for price, group in groups.items():
            self.print(market, book, side, price, sum(fill.shares for fill in group))

    def print(self, market: Market, book: Book, side: BookSide, up_price: int, shares: int) -> None:
        book.last_trade = up_price
        self._audience.printed(market, "BUY" if side == "bid" else "SELL", up_price, shares)

    def _trade(self, market: Market, book: Book, fills: list[Fill], taken: "_Taken") -> None:
        fact = Traded(
            id=str(uuid.uuid4()),
            market=market.condition_id,
            taker_order_id=taken.order_id,
            taker=taken.account,
            outcome=taken.outcome,
            side=taken.side,
            up_price=fills[0].price,
            shares=sum(fill.shares for fill in fills),
            fee=taken.fee,
            makers=[_leg(fill, taken, fills[0].price) for fill in fills],
            bucket=taken.bucket,
            matched_ms=self._register.domain_ms(),
        )
        self._register.record(fact)
        for fill in fills:
            if fill.order is not None:
                book.settle_order(fill.order)
                self._audience.order_changed(fill.order, "UPDATE")
        self._audience.trade_changed(self._register.state.trades[fact.id])
        self._settle_later(fact.id)

    def _settle_later(self, trade_id: str) -> None:
        now = self._register.clock.wall_ms()
        for status, delay_ms in self._steps():
            self._timeline.at_wall(now + delay_ms, lambda status=status: self._move(trade_id, status))

    def _steps(self) -> Steps:
        mined, confirmed = self._mined_after_ms, self._confirmed_after_ms
        if more := self._faults.delays("trade_fails"):
            return (RETRYING, mined), (FAILED, mined + more)
        if more := self._faults.delays("trade_retries"):
            return (RETRYING, mined), (MINED, mined + more), (CONFIRMED, confirmed + more)
        more = self._faults.delays("trade_slow")
        return (MINED, mined + more), (CONFIRMED, confirmed + more)

    def _move(self, trade_id: str, status: str) -> None:
        """What can no longer be taken back is confirmed: paid out, or sold on."""
        if status == FAILED and not self._reversible(self._register.state.trades[trade_id].fact):
            status = CONFIRMED
        transaction = "0x" + keccak(trade_id.encode()).hex()
        self._register.record(TradeMoved(trade_id, status, transaction, self._register.domain_ms()))
        self._audience.trade_changed(self._register.state.trades[trade_id])

    def _reversible(self, fact: Traded) -> bool:
        state = self._register.state
        market = state.markets[fact.market]
        if market.resolved:
            return False
        for half in halves(fact):
            token = market.tokens[half.outcome]
            if half.account == FLOW or half.side == "SELL":
                continue
            held, reserved = state.available_shares(half.account, token)
            if held - reserved < half.shares:
                return False
        return True


class _Taken:
    """The taker's half of a trade."""

    def __init__(self, order_id: str, account: str, outcome: int, side: Side, *, fee: int = 0, bucket: int = 0) -> None:
        self.order_id = order_id
        self.account = account
        self.outcome = outcome
        self.side: Side = side
        self.fee = fee
        self.bucket = bucket


def taker_fee(market: Market, fill: Fill) -> int:
    """shares x rate x p x (1 - p), rounded half up to 5 decimals of cash (the direction is undocumented)."""
    numerator = fill.shares * market.taker_fee_ppm * fill.price * (ONE - fill.price)
    step = 10 * UNIT * ONE * ONE
    return (2 * numerator + step) // (2 * step) * 10


def _taken_by(market: Market, terms: OrderTerms, fills: list[Fill], bucket: int) -> _Taken:
    fee = sum(taker_fee(market, fill) for fill in fills)
    return _Taken(terms.id, terms.owner, terms.outcome, terms.side, fee=fee, bucket=bucket)


def _taken_by_flow(side: BookSide) -> _Taken:
    return _Taken(_made_up_id(), FLOW, 0, "BUY" if side == "bid" else "SELL")


def _leg(fill: Fill, taken: _Taken, trade_price: int) -> MakerLeg:
    """The flow's orders are shown in the taker's own outcome, on the other side."""
    if fill.order is not None:
        terms = fill.order.terms
        own_price = None if fill.price == trade_price else fill.price
        return MakerLeg(terms.id, terms.owner, terms.outcome, terms.side, fill.shares, own_price)
    return MakerLeg(_made_up_id(), FLOW, taken.outcome, "SELL" if taken.side == "BUY" else "BUY", fill.shares)


def _made_up_id() -> str:
    return "0x" + keccak(uuid.uuid4().bytes).hex()


def _by_price(fills: list[Fill]) -> dict[int, list[Fill]]:
    groups: dict[int, list[Fill]] = {}
    for fill in fills:
        groups.setdefault(fill.price, []).append(fill)
    return groups
