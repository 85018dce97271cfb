"""What those who read are shown: the truth, unless a fault hides it or shows an older one."""

from venue_sim import wire
from venue_sim.exchange import Exchange
from venue_sim.faults.stale import Stale
from venue_sim.markets import Market
from venue_sim.orders import DELAYED, LIVE, Order
from venue_sim.state import Trade
from venue_sim.wire import Payload


class View:
    """Over one exchange; remembers only what it has to show again."""

    def __init__(self, exchange: Exchange) -> None:
        self._exchange = exchange
        self._faults = exchange.faults
        self._updated: set[str] = set()
        self._balances = Stale[int](self._faults, exchange.clock, "balance_stale")
        self._books = Stale[Payload](self._faults, exchange.clock, "book_stale")

    def shows_order(self, order: Order) -> bool:
        """Not while it is held, nor where it is too new or over and forgotten."""
        if order.status == DELAYED:
            return False
        if self._exchange.age_ms(order.terms.created_ms) < self._faults.delay_ms("order_unknown"):
            return not self._faults.picks("order_unknown", order.id)
        return order.status == LIVE or not self._faults.picks("order_forgotten", order.id)

    def shows_trade(self, trade: Trade) -> bool:
        """Told apart without their ids, which are made up anew in every run."""
        fact = trade.fact
        if self._exchange.age_ms(fact.matched_ms) >= self._faults.delay_ms("trades_lag"):
            return True
        return not self._faults.picks("trades_lag", f"{fact.market}/{fact.matched_ms}/{fact.up_price}/{fact.shares}")

    def shows_market(self, market: Market) -> bool:
        return not self._exchange.is_missing(market, "book_missing")

    def book(self, market: Market, outcome: int) -> Payload:
        book = self._exchange.books[market.condition_id]
        now = wire.book(market, book, outcome, self._exchange.domain_ms())
        return self._books.shown((market.tokens[outcome],), now)

    def balance(self, address: str, token: str, held: int) -> int:
        """`token` is empty for collateral."""
        if address not in self._updated and self._faults.picks("balance_zero", address):
            return 0
        return self._balances.shown((address, token), held)

    def forget_balances(self, address: str) -> None:
        """The account asked for an update."""
        self._updated.add(address)
        self._balances.forget(lambda kept: kept[0] == address)
