"""The matching engine and referee: every order, trade and balance passes through here and nowhere else."""

import uuid
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Protocol

from venue_sim import intake
from venue_sim.book import Book, Fill, Levels
from venue_sim.clock import Clock
from venue_sim.eip712 import keccak
from venue_sim.errors import VenueError, bad_request, no_orderbook
from venue_sim.facts import (
    Fact,
    KeyIssued,
    MakerLeg,
    MarketEnded,
    MarketListed,
    MarketResolved,
    OrderAccepted,
    OrderClosed,
    TickChanged,
    Traded,
    TradeMoved,
    WalletBound,
)
from venue_sim.intake import GTD_DIES_BEFORE_SECONDS, SignedOrder, WireRequest
from venue_sim.journal import Journal, NoJournal
from venue_sim.ledger import FLOW
from venue_sim.markets import FINE_TICK, WIDE_TICK, Market
from venue_sim.orders import (
    CANCELED,
    DELAYED,
    EXPIRED,
    LIVE,
    MARKET_RESOLVED,
    MATCHED,
    BookSide,
    Order,
    Side,
    order_of,
)
from venue_sim.state import State, Trade
from venue_sim.timeline import Timeline
from venue_sim.units import ONE, UNIT

FOK_KILLED = "order couldn't be fully filled. FOK orders are fully filled or killed."
FAK_KILLED = "no orders found to match with FAK order. FAK orders are partially filled or killed if no match is found."
POST_ONLY_CROSSES = "invalid post-only order: order crosses book"
FINE_TICK_FROM = 9600


class Audience(Protocol):
    """Who hears of changes: the sockets in production, a list in tests."""

    def market_listed(self, market: Market) -> None: ...

    def book_changed(self, market: Market, changes: list[tuple[BookSide, int, int]]) -> None: ...

    def printed(self, market: Market, outcome: int, side: Side, price: int, shares: int) -> None: ...

    def tick_changed(self, market: Market, old: int) -> None: ...

    def market_resolved(self, market: Market) -> None: ...

    def order_changed(self, order: Order, kind: str) -> None: ...

    def trade_changed(self, trade: Trade) -> None: ...


@dataclass(frozen=True, slots=True)
class Settings:
    """Delays in wall milliseconds; `deposit` in base units of cash."""

    taker_hold_ms: int = 150
    mined_after_ms: int = 200
    confirmed_after_ms: int = 500
    deposit: int = 1000 * UNIT


class Exchange:
    """All state changes of the venue. Synchronous: a caller between two calls sees a consistent whole."""

    def __init__(
        self,
        settings: Settings,
        clock: Clock,
        timeline: Timeline,
        audience: Audience,
        journal: Journal | NoJournal,
    ) -> None:
        self.settings = settings
        self.clock = clock
        self.timeline = timeline
        self.audience = audience
        self.state = State()
        self.books: dict[str, Book] = {}
        self.orders_received = 0
        self.duplicates_refused = 0
        self._journal = journal
        for fact in journal.facts:
            self.state.apply(fact)
        self._restore()

    def record(self, fact: Fact) -> None:
        self._journal.append(fact)
        self.state.apply(fact)

    def domain_ms(self) -> int:
        """Domain time now; before it is set, wall time."""
        wall_ms = self.clock.wall_ms()
        return self.state.time.at(wall_ms) if self.state.time else wall_ms

    # Markets

    def list_market(self, listing: MarketListed) -> Market:
        self.record(listing)
        market = next(reversed(self.state.markets.values()))
        self.books[market.condition_id] = Book()
        self.audience.market_listed(market)
        return market

    def set_tick(self, market: Market, tick: int) -> None:
        if tick != market.tick:
            old = market.tick
            self.record(TickChanged(market.condition_id, tick))
            self.audience.tick_changed(market, old)

    def end_market(self, market: Market) -> None:
        """Trading stops: what rests is cancelled and the book is empty."""
        if market.ended:
            return
        self.record(MarketEnded(market.condition_id))
        for order in self._open_in(market):
            self._close(order, MARKET_RESOLVED)
        self.books[market.condition_id].clear_flow()
        self._publish(market)

    def resolve_market(self, market: Market, winner: int) -> None:
        if market.resolved:
            return
        self.end_market(market)
        self.record(MarketResolved(market.condition_id, winner, self.domain_ms()))
        self.audience.market_resolved(market)

    # Orders of accounts

    def admit(self, request: WireRequest, key: KeyIssued) -> Order:
        """Checks an order and reserves its funds. It is live when `status` says so, else held: call `release`.

        Raises VenueError with the venue's text.
        """
        self.orders_received += 1
        signed = self._verified(request, key)
        if signed.id in self.state.orders:
            self.duplicates_refused += 1
            raise bad_request(f"order {signed.id} is invalid. Duplicated.")
        intake.check_terms(signed, self.clock.wall_ms() // 1000)
        order = order_of(self._acceptance(signed, key))
        self._check_funds(order)
        book = self.books[order.market]
        if book.crosses(order.book_side, order.book_price):
            self._check_marketable(order)
            order.status = DELAYED
            self.state.hold(order)
            return order
        self._check_fillable_later(order)
        self._rest(order)
        return order

    def release(self, order: Order) -> None:
        """Ends the taker hold: matches against the book as it is now. Raises VenueError when nothing comes of it."""
        market = self.state.markets[order.market]
        fills = self._plan(order) if order.status == DELAYED and market.accepts_orders() else []
        try:
            self._check_release(order, market, fills)
        except VenueError:
            self._forget(order)
            raise
        self.record(_accepted(order))
        self.audience.order_changed(order, "PLACEMENT")
        self._execute(market, order, fills)
        if order.order_type in {"FOK", "FAK"}:
            self._finish_immediate(order)
        elif order.remaining > 0:
            self._rest_remainder(order)
        self._publish(market)

    def cancel(self, order_ids: Iterable[str], owner_key: str) -> tuple[list[str], dict[str, str]]:
        """(cancelled, {id: reason}) in the venue's words."""
        cancelled: list[str] = []
        refused: dict[str, str] = {}
        for order_id in order_ids:
            order = self.state.orders.get(order_id)
            if order is None or order.api_key != owner_key:
                refused[order_id] = "Order not found or already canceled"
            elif order.status == DELAYED:
                refused[order_id] = "order is being matched and can't be canceled"
            elif order.status != LIVE:
                refused[order_id] = "already canceled or matched"
            else:
                self._close(order, CANCELED)
                self._publish(self.state.markets[order.market])
                cancelled.append(order_id)
        return cancelled, refused

    def open_ids(self, key: KeyIssued, market: str | None = None, token: str | None = None) -> list[str]:
        """Ids of the key's cancellable orders."""
        orders = self.state.open_orders[key.address].values()
        return [
            order.id
            for order in orders
            if order.api_key == key.api_key
            and order.status == LIVE
            and market in {None, order.market}
            and token in {None, order.token}
        ]

    def expire_orders(self) -> None:
        """GTD orders die a minute before their stated expiration (wall time)."""
        deadline = self.clock.wall_ms() // 1000 + GTD_DIES_BEFORE_SECONDS
        live = [order for orders in self.state.open_orders.values() for order in orders.values()]
        for order in live:
            if order.order_type == "GTD" and order.status == LIVE and order.expiration <= deadline:
                self._close(order, EXPIRED)
                self._publish(self.state.markets[order.market])

    # The rest of the market

    def set_flow(self, market: Market, bids: Levels, asks: Levels, *, top_only: bool = False) -> None:
        """The flow's whole book from now on. What newly crosses an account's order is matched with it first.

        With `top_only` only the best level of each side is known: an order at a price that the flow's own best has
        reached and then left is filled, because the queue it stood in was consumed.
        """
        if not market.accepts_orders():
            return
        book = self.books[market.condition_id]
        growths: list[tuple[BookSide, Levels]] = [
            ("bid", book.shrink_flow("bid", bids)),
            ("ask", book.shrink_flow("ask", asks)),
        ]
        for side, growth in growths:
            for price in sorted(growth, reverse=side == "bid"):
                fills = book.plan(side, price, growth[price], flow=False)
                self._flow_takes(market, side, fills)
                book.grow_flow(side, price, growth[price] - sum(fill.shares for fill in fills))
        if top_only:
            self._fill_left_behind(market, book)
        book.mark_touched()
        self._refine_tick(market, book)
        self._publish(market)

    def flow_take(self, market: Market, side: BookSide, limit: int, shares: int) -> None:
        """Someone else's marketable order in the Up frame."""
        if not market.accepts_orders():
            return
        book = self.books[market.condition_id]
        fills = book.plan(side, limit, shares)
        for fill in fills:
            if fill.order is None:
                book.consume_flow("ask" if side == "bid" else "bid", fill.price, fill.shares, by_flow=True)
                self._print(market, side, fill.price, fill.shares)
        self._flow_takes(market, side, [fill for fill in fills if fill.order is not None])
        self._publish(market)

    # Inside

    def _restore(self) -> None:
        """Books of a replayed journal: live orders rest again, behind whatever the flow then states."""
        for market in self.state.markets.values():
            self.books[market.condition_id] = Book()
        for order in list(self.state.orders.values()):
            if order.status == LIVE:
                self.books[order.market].add(order)
                order.ahead = 1 << 62
        for trade in self.state.trades.values():
            if trade.status != "CONFIRMED":
                self._settle_later(trade.fact.id)

    def _verified(self, request: WireRequest, key: KeyIssued) -> SignedOrder:
        if request.owner != key.api_key:
            raise bad_request("the order owner has to be the owner of the API KEY")
        found = self.state.by_token.get(request.order.tokenId)
        if found is None:
            raise no_orderbook()
        signed = intake.verify(request, key.address, *found)
        if signed.id not in self.state.orders and not found[0].accepts_orders():
            raise no_orderbook()
        self._bind_wallet(signed, key)
        return signed

    def _bind_wallet(self, signed: SignedOrder, key: KeyIssued) -> None:
        """A wallet belongs to the key that first signed for it; all wallets of a key share its balance."""
        wallet = signed.request.order.maker.lower()
        owner = self.state.wallets.get(wallet)
        if owner is None:
            self.record(WalletBound(wallet, key.address))
        elif owner != key.address:
            raise bad_request("maker address not allowed, please use the deposit wallet flow")

    def _acceptance(self, signed: SignedOrder, key: KeyIssued) -> OrderAccepted:
        return OrderAccepted(
            id=signed.id,
            owner=key.address,
            api_key=key.api_key,
            maker=signed.request.order.maker,
            market=signed.market.condition_id,
            token=signed.request.order.tokenId,
            outcome=signed.outcome,
            side=signed.side,
            price=signed.price,
            shares=signed.shares,
            cash=signed.cash,
            order_type=signed.order_type,
            post_only=signed.post_only,
            expiration=signed.expiration,
            created_ms=self.domain_ms(),
        )

    def _check_funds(self, order: Order) -> None:
        if order.side == "BUY":
            balance, active = self.state.available_cash(order.owner)
            wanted = order.reserved_cash()
        else:
            balance, active = self.state.available_shares(order.owner, order.token)
            wanted = order.reserved_shares()
        if balance - active < wanted:
            raise intake.not_enough(balance, active, wanted)

    def _check_marketable(self, order: Order) -> None:
        if order.post_only:
            raise bad_request(POST_ONLY_CROSSES)
        if order.side == "BUY" and order.cash < intake.MARKETABLE_BUY_MINIMUM:
            raise bad_request("invalid amount for a marketable BUY order, min size: $1")

    def _check_fillable_later(self, order: Order) -> None:
        if order.order_type == "FOK":
            raise bad_request(FOK_KILLED)
        if order.order_type == "FAK":
            raise bad_request(FAK_KILLED)

    def _check_release(self, order: Order, market: Market, fills: list[Fill]) -> None:
        if not market.accepts_orders() or order.status != DELAYED:
            raise no_orderbook()
        if order.order_type == "FOK" and not self._fills_whole(order, fills):
            raise bad_request(FOK_KILLED)
        if order.order_type == "FAK" and not fills:
            raise bad_request(FAK_KILLED)
        if order.side == "BUY":
            self._check_cost(order, market, fills)

    def _check_cost(self, order: Order, market: Market, fills: list[Fill]) -> None:
        """A buyer's fee comes on top of what the shares cost."""
        fees = sum(taker_fee(market, fill.price, fill.shares) for fill in fills)
        balance, active = self.state.available_cash(order.owner)
        if balance - active < fees:
            raise intake.not_enough(balance, active - order.reserved_cash(), order.reserved_cash() + fees)

    def _plan(self, order: Order) -> list[Fill]:
        cash = order.cash if order.buys_with_cash else None
        return self.books[order.market].plan(
            order.book_side, order.book_price, order.shares, cash=cash, outcome=order.outcome
        )

    def _fills_whole(self, order: Order, fills: list[Fill]) -> bool:
        """A market buy is whole when what is left of its cash buys less than a lot."""
        if not order.buys_with_cash:
            return sum(fill.shares for fill in fills) >= order.shares
        spent = sum(_own_value(order.outcome, fill) for fill in fills)
        return bool(fills) and order.cash - spent < max(_own_price(order.outcome, fills[-1].price) // 100, 1) * 100

    def _execute(self, market: Market, order: Order, fills: list[Fill]) -> None:
        book = self.books[market.condition_id]
        for bucket, (price, group) in enumerate(_by_price(fills).items()):
            for fill in group:
                if fill.order is None:
                    book.consume_flow("ask" if order.book_side == "bid" else "bid", price, fill.shares, by_flow=False)
            trade = self._trade(market, order.id, order.owner, order.outcome, order.side, price, group, bucket)
            self._print(market, order.book_side, price, trade.shares)
        if fills and order.status in {LIVE, MATCHED}:
            self.audience.order_changed(order, "UPDATE")

    def _flow_takes(self, market: Market, side: BookSide, fills: list[Fill]) -> None:
        """The flow as taker of accounts' orders; it acts in the outcome in which that is a plain buy or sell of Up."""
        for price, group in _by_price(fills).items():
            taker_id = "0x" + keccak(uuid.uuid4().bytes).hex()
            taker_side: Side = "BUY" if side == "bid" else "SELL"
            trade = self._trade(market, taker_id, FLOW, 0, taker_side, price, group, 0)
            self._print(market, side, price, trade.shares)

    def _trade(
        self,
        market: Market,
        taker_id: str,
        taker: str,
        outcome: int,
        side: Side,
        price: int,
        fills: list[Fill],
        bucket: int,
    ) -> Traded:
        fee = 0 if taker == FLOW else sum(taker_fee(market, price, fill.shares) for fill in fills)
        fact = Traded(
            id=str(uuid.uuid4()),
            market=market.condition_id,
            taker_order_id=taker_id,
            taker=taker,
            outcome=outcome,
            side=side,
            up_price=price,
            shares=sum(fill.shares for fill in fills),
            fee=fee,
            makers=[_leg(fill, outcome, side) for fill in fills],
            bucket=bucket,
            matched_ms=self.domain_ms(),
        )
        self.record(fact)
        for fill in fills:
            if fill.order is not None:
                self.books[market.condition_id].settle_order(fill.order)
                self.audience.order_changed(fill.order, "UPDATE")
        self.audience.trade_changed(self.state.trades[fact.id])
        self._settle_later(fact.id)
        return fact

    def _settle_later(self, trade_id: str) -> None:
        now = self.clock.wall_ms()
        transaction = "0x" + keccak(trade_id.encode()).hex()
        steps = (("MINED", self.settings.mined_after_ms), ("CONFIRMED", self.settings.confirmed_after_ms))
        for status, delay_ms in steps:
            self.timeline.at_wall(now + delay_ms, lambda status=status: self._move(trade_id, status, transaction))

    def _move(self, trade_id: str, status: str, transaction: str) -> None:
        if self.state.trades[trade_id].status != "CONFIRMED":
            self.record(TradeMoved(trade_id, status, transaction, self.domain_ms()))
            self.audience.trade_changed(self.state.trades[trade_id])

    def _rest(self, order: Order) -> None:
        self.state.hold(order)
        self.record(_accepted(order))
        self.books[order.market].add(order)
        self.audience.order_changed(order, "PLACEMENT")
        self._publish(self.state.markets[order.market])

    def _rest_remainder(self, order: Order) -> None:
        self.books[order.market].add(order)

    def _finish_immediate(self, order: Order) -> None:
        """A FOK or FAK never rests: it ends as matched, whatever of it was left over."""
        self.record(OrderClosed(order.id, MATCHED))

    def _forget(self, order: Order) -> None:
        """A held order that came to nothing never existed: its bytes may be sent again."""
        self.state.orders.pop(order.id, None)
        self.state.open_orders[order.owner].pop(order.id, None)

    def _close(self, order: Order, status: str) -> None:
        self.books[order.market].remove(order)
        if order.status == DELAYED:
            order.status = status
            return
        self.record(OrderClosed(order.id, status))
        self.audience.order_changed(order, "CANCELLATION")

    def _open_in(self, market: Market) -> list[Order]:
        return [
            order
            for orders in self.state.open_orders.values()
            for order in orders.values()
            if order.market == market.condition_id
        ]

    def _fill_left_behind(self, market: Market, book: Book) -> None:
        sides: tuple[tuple[BookSide, BookSide], ...] = (("bid", "ask"), ("ask", "bid"))
        for side, taker_side in sides:
            for order in book.left_behind(side):
                self._flow_takes(market, taker_side, [Fill(order.book_price, order, order.remaining)])

    def _refine_tick(self, market: Market, book: Book) -> None:
        """Near the edges, or when the flow quotes off the grid, the tick becomes 0.001 and stays so."""
        if market.tick != WIDE_TICK:
            return
        bid, ask = book.best_stated("bid"), book.best_stated("ask")
        at_edge = (bid or 0) > FINE_TICK_FROM or (ask or ONE) < ONE - FINE_TICK_FROM
        off_grid = any(price % WIDE_TICK for price in (bid, ask) if price)
        if at_edge or off_grid:
            self.set_tick(market, FINE_TICK)

    def _print(self, market: Market, taker_side: BookSide, up_price: int, shares: int) -> None:
        self.books[market.condition_id].last_trade = up_price
        self.audience.printed(market, 0, "BUY" if taker_side == "bid" else "SELL", up_price, shares)

    def _publish(self, market: Market) -> None:
        book = self.books[market.condition_id]
        changes = book.take_changes()
        if changes:
            book.changed_ms = self.domain_ms()
            self.audience.book_changed(market, changes)


def taker_fee(market: Market, up_price: int, shares: int) -> int:
    """shares x rate x p x (1 - p), rounded half up to 5 decimals of cash (direction undocumented)."""
    numerator = shares * market.taker_fee_ppm * up_price * (ONE - up_price)
    step = 10 * UNIT * ONE * ONE
    return (2 * numerator + step) // (2 * step) * 10


def _accepted(order: Order) -> OrderAccepted:
    return OrderAccepted(
        id=order.id,
        owner=order.owner,
        api_key=order.api_key,
        maker=order.maker,
        market=order.market,
        token=order.token,
        outcome=order.outcome,
        side=order.side,
        price=order.price,
        shares=order.shares,
        cash=order.cash,
        order_type=order.order_type,
        post_only=order.post_only,
        expiration=order.expiration,
        created_ms=order.created_ms,
    )


def _by_price(fills: list[Fill]) -> dict[int, list[Fill]]:
    groups: dict[int, list[Fill]] = {}
    for fill in fills:
        groups.setdefault(fill.price, []).append(fill)
    return groups


def _leg(fill: Fill, outcome: int, side: Side) -> MakerLeg:
    """The flow's orders are shown in the taker's own outcome, on the other side."""
    if fill.order is not None:
        order = fill.order
        return MakerLeg(order.id, order.owner, order.outcome, order.side, fill.shares)
    made_up = "0x" + keccak(uuid.uuid4().bytes).hex()
    return MakerLeg(made_up, FLOW, outcome, "SELL" if side == "BUY" else "BUY", fill.shares)


def _own_price(outcome: int, up_price: int) -> int:
    return up_price if outcome == 0 else ONE - up_price


def _own_value(outcome: int, fill: Fill) -> int:
    return fill.shares * _own_price(outcome, fill.price) // ONE
