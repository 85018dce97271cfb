"""The matching engine and referee: every order, trade and balance passes through here and nowhere else."""

from collections.abc import Iterable
from dataclasses import dataclass

from venue_sim import admission, intake
from venue_sim.book import LOT, Book, Fill, Levels
from venue_sim.clock import Clock
from venue_sim.errors import VenueError, bad_request, no_orderbook
from venue_sim.execution import Audience, Execution, Register
from venue_sim.facts import (
    Fact,
    KeyIssued,
    MarketEnded,
    MarketListed,
    MarketResolved,
    OrderAccepted,
    OrderClosed,
    TickChanged,
    WalletBound,
)
from venue_sim.faults.switchboard import Faults
from venue_sim.intake import GTD_DIES_BEFORE_SECONDS, WireRequest
from venue_sim.journal import Journal, NoJournal
from venue_sim.markets import FINE_TICK, WIDE_TICK, Market
from venue_sim.orders import CANCELED, DELAYED, EXPIRED, LIVE, MARKET_RESOLVED, MATCHED, BookSide, Order
from venue_sim.state import State
from venue_sim.timeline import Timeline
from venue_sim.units import ONE, UNIT

FINE_TICK_FROM = 9600
BEHIND_EVERYONE = 1 << 62


@dataclass(frozen=True, slots=True)
class Settings:
    """Delays in wall milliseconds; `deposit` in base units of cash; `redeems` pays everybody out at the resolution."""

    taker_hold_ms: int = 150
    mined_after_ms: int = 200
    confirmed_after_ms: int = 500
    deposit: int = 1000 * UNIT
    redeems: bool = True


class Exchange:
    """All state changes of the venue. Synchronous: a caller between two calls sees a consistent whole."""

    def __init__(
        self,
        settings: Settings,
        clock: Clock,
        timeline: Timeline,
        audience: Audience,
        journal: Journal | NoJournal,
        faults: Faults | None = None,
    ) -> None:
        self.settings = settings
        self.clock = clock
        self.books: dict[str, Book] = {}
        self.orders_received = 0
        self.duplicates_refused = 0
        self.faults = faults or Faults(clock)
        self._timeline = timeline
        self._misnamed: dict[str, int] = {}
        self._audience = audience
        self._register = Register(clock, journal)
        self._execution = Execution(
            self._register,
            timeline,
            audience,
            self.faults,
            mined_after_ms=settings.mined_after_ms,
            confirmed_after_ms=settings.confirmed_after_ms,
        )
        self._restore_books()

    @property
    def state(self) -> State:
        return self._register.state

    def record(self, fact: Fact) -> None:
        self._register.record(fact)

    def domain_ms(self) -> int:
        return self._register.domain_ms()

    def age_ms(self, domain_ms: int) -> float:
        """Wall milliseconds since an instant of domain time."""
        time = self.state.time
        return self.clock.wall_ms() - (time.wall_of(domain_ms) if time else domain_ms)

    # Markets

    def list_market(self, listing: MarketListed) -> Market:
        self.record(listing)
        market = next(reversed(self.state.markets.values()))
        self.books[market.condition_id] = Book()
        self._audience.market_listed(market)
        return market

    def set_tick(self, market: Market, tick: int) -> None:
        if tick != market.tick:
            old = market.tick
            self.record(TickChanged(market.condition_id, tick))
            self._audience.tick_changed(market, old)

    def end_market(self, market: Market) -> None:
        """Trading stops: what rests is cancelled and the book is empty."""
        if market.ended:
            return
        self.record(MarketEnded(market.condition_id))
        for order in self.state.open_in(market.condition_id):
            self._close(order, MARKET_RESOLVED)
        self.books[market.condition_id].clear_flow()
        self._publish(market)

    def resolve_market(self, market: Market, winner: int) -> None:
        """Names the winner; winning tokens become collateral, at once or when their holder asks for it."""
        if market.resolved:
            return
        self.end_market(market)
        now_ms = self.domain_ms()
        self.record(MarketResolved(market.condition_id, winner, now_ms, self.settings.redeems))
        if self.faults.picks("resolution_corrected", market.condition_id):
            until_ms = now_ms + self.faults.delay_ms("resolution_corrected")
            self._misnamed[market.condition_id] = until_ms
            self._timeline.at_domain(until_ms, lambda: self._audience.market_resolved(market))
        self._audience.market_resolved(market)

    def misnames(self, market: Market) -> bool:
        """Does the venue name the wrong winner for now?"""
        return self.domain_ms() < self._misnamed.get(market.condition_id, 0)

    def named_winner(self, market: Market) -> int | None:
        """The winner as the venue says it; the ledger pays the true one."""
        if market.winner is None or not self.misnames(market):
            return market.winner
        return 1 - market.winner

    def is_missing(self, market: Market, name: str) -> bool:
        """Is it hidden by this fault, until a while after its start?"""
        until_ms = market.start * 1000 + self.faults.delay_ms(name)
        return self.domain_ms() < until_ms and self.faults.picks(name, market.condition_id)

    # Orders of accounts

    def admit(self, request: WireRequest, key: KeyIssued) -> Order:
        """Checks an order and reserves its funds. It comes back live, or held: then call `release` after the hold.

        Raises VenueError with the venue's text.
        """
        self.orders_received += 1
        signed = admission.verified(self.state, request, key)
        if signed.id in self.state.orders:
            self.duplicates_refused += 1
            raise bad_request(f"order {signed.id} is invalid. Duplicated.")
        if not signed.market.accepts_orders():
            raise no_orderbook()
        intake.check_terms(signed, self.clock.wall_ms() // 1000)
        order = Order(admission.terms_of(signed, key, self.domain_ms()))
        admission.check_funds(self.state, order)
        if self.books[order.terms.market].crosses(order.terms.book_side, order.terms.book_price):
            admission.check_marketable(order.terms)
            order.status = DELAYED
            self.state.know(order)
        else:
            admission.check_rests(order.terms)
            self._accept(order)
            self._rest(order)
        return order

    def release(self, order: Order) -> None:
        """Ends the taker hold: matches against the book as it is now. Raises VenueError when nothing comes of it."""
        market = self.state.markets[order.terms.market]
        book = self.books[market.condition_id]
        try:
            if order.status != DELAYED:
                raise no_orderbook()
            fills = admission.plan(book, order.terms)
            admission.check_fills(self.state, market, order, fills)
        except VenueError:
            self.state.forget(order)
            raise
        self._accept(order)
        self._execution.account_takes(market, book, order, fills)
        if order.terms.immediate:
            self.record(OrderClosed(order.id, MATCHED))
        elif order.remaining > 0:
            book.add(order)
        self._publish(market)

    def cancel(self, order_ids: Iterable[str], api_key: str) -> tuple[list[str], dict[str, str]]:
        """(cancelled, {id: reason}) in the venue's words."""
        cancelled: list[str] = []
        refused: dict[str, str] = {}
        for order_id in order_ids:
            order = self.state.orders.get(order_id)
            reason = _not_cancellable(order, api_key)
            if order is None or reason:
                refused[order_id] = reason
                continue
            self._close(order, CANCELED)
            self._publish(self.state.markets[order.terms.market])
            cancelled.append(order_id)
        return cancelled, refused

    def overtake(self, order: Order, part: int = 1) -> None:
        """Someone else takes what is left of a resting order, or one `part`-th of it, first."""
        market = self.state.markets[order.terms.market]
        side: BookSide = "ask" if order.terms.book_side == "bid" else "bid"
        fill = Fill(order.terms.book_price, order, order.remaining // part // LOT * LOT)
        self._execution.flow_takes(market, self.books[market.condition_id], side, [fill])
        self._publish(market)

    def cancel_everything(self) -> None:
        """The venue itself wipes all that rests."""
        for order in self.state.all_open():
            if order.status == LIVE:
                self._close(order, CANCELED)
                self._publish(self.state.markets[order.terms.market])

    def refine_ticks(self) -> None:
        for market in self.state.markets.values():
            if market.accepts_orders():
                self.set_tick(market, FINE_TICK)

    def expire_orders(self) -> None:
        """GTD orders die a minute before their stated expiration (wall time)."""
        deadline = self.clock.wall_ms() // 1000 + GTD_DIES_BEFORE_SECONDS
        for order in self.state.all_open():
            if order.terms.order_type == "GTD" and order.status == LIVE and order.terms.expiration <= deadline:
                self._close(order, EXPIRED)
                self._publish(self.state.markets[order.terms.market])

    # The rest of the market

    def set_flow(self, market: Market, bids: Levels, asks: Levels, *, top_only: bool = False) -> None:
        """The flow's whole book from now on. What newly crosses an account's order is matched with it first.

        With `top_only` only the best level of each side is known: an order at a price that the flow's own best has
        reached and then left is filled, because the queue it stood in was consumed.
        """
        if not market.accepts_orders():
            return
        book = self.books[market.condition_id]
        growths: tuple[tuple[BookSide, Levels], ...] = (
            ("bid", book.shrink_flow("bid", bids)),
            ("ask", book.shrink_flow("ask", asks)),
        )
        for side, growth in growths:
            self._grow(market, book, side, growth)
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
        resting: BookSide = "ask" if side == "bid" else "bid"
        joined: list[Fill] = []
        for fill in book.plan(side, limit, shares):
            if fill.order is None:
                book.consume_flow(resting, fill.price, fill.shares, by_flow=True)
                self._execution.print(market, book, side, fill.price, fill.shares)
            elif self.faults.terms("trades_joined"):
                joined.append(fill)
            else:
                self._execution.flow_takes(market, book, side, [fill])
        self._execution.flow_takes(market, book, side, joined)
        self._publish(market)

    # Inside

    def _restore_books(self) -> None:
        """Books of a replayed journal: live orders rest again, behind whatever the flow then states."""
        self.books = {condition_id: Book() for condition_id in self.state.markets}
        for order in self.state.all_open():
            self.books[order.terms.market].add(order)
            order.ahead = BEHIND_EVERYONE

    def _accept(self, order: Order) -> None:
        """A wallet belongs to the key that first traded with it; all wallets of a key share its balance."""
        wallet = order.terms.maker.lower()
        if wallet not in self.state.wallets:
            self.record(WalletBound(wallet, order.terms.owner))
        self.state.know(order)
        self.record(OrderAccepted(order.terms))
        self._audience.order_changed(order, "PLACEMENT")

    def _rest(self, order: Order) -> None:
        self.books[order.terms.market].add(order)
        self._publish(self.state.markets[order.terms.market])

    def _close(self, order: Order, status: str) -> None:
        self.books[order.terms.market].remove(order)
        if order.status == DELAYED:
            order.status = status
            return
        self.record(OrderClosed(order.id, status))
        self._audience.order_changed(order, "CANCELLATION")

    def _grow(self, market: Market, book: Book, side: BookSide, growth: Levels) -> None:
        """New shares of the flow trade with the accounts they cross; what is left of them rests."""
        for price in sorted(growth, reverse=side == "bid"):
            fills = book.plan(side, price, growth[price], flow=False)
            self._execution.flow_takes(market, book, side, fills)
            book.grow_flow(side, price, growth[price] - sum(fill.shares for fill in fills))

    def _fill_left_behind(self, market: Market, book: Book) -> None:
        sides: tuple[tuple[BookSide, BookSide], ...] = (("bid", "ask"), ("ask", "bid"))
        for side, taker_side in sides:
            fills = [Fill(order.terms.book_price, order, order.remaining) for order in book.left_behind(side)]
            self._execution.flow_takes(market, book, taker_side, fills)

    def _refine_tick(self, market: Market, book: Book) -> None:
        """Near the edges, or when the flow quotes off the grid, the tick becomes 0.001 and stays so."""
        if market.tick != WIDE_TICK:
            return
        bid, ask = book.best_stated("bid"), book.best_stated("ask")
        at_edge = (bid or 0) > FINE_TICK_FROM or (ask or ONE) < ONE - FINE_TICK_FROM
        off_grid = any(price % WIDE_TICK for price in (bid, ask) if price)
        if at_edge or off_grid:
            self.set_tick(market, FINE_TICK)

    def _publish(self, market: Market) -> None:
        book = self.books[market.condition_id]
        changes = book.take_changes()
        if changes:
            book.changed_ms = self.domain_ms()
            self._audience.book_changed(market, changes)


def _not_cancellable(order: Order | None, api_key: str) -> str:
    if order is None or order.terms.api_key != api_key:
        return "Order not found or already canceled"
    if order.status == DELAYED:
        return "order is being matched and can't be canceled"
    return "" if order.status == LIVE else "already canceled or matched"
