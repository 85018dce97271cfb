"""The venue's memory: a fold over facts, the same live and when a journal is replayed."""

from collections import defaultdict
from dataclasses import dataclass, field

from venue_sim.clock import DomainTime
from venue_sim.exposure import Exposure
from venue_sim.facts import (
    Beat,
    CashMoved,
    ClockSet,
    Fact,
    KeyDeleted,
    KeyIssued,
    MarketEnded,
    MarketListed,
    MarketResolved,
    OrderAccepted,
    OrderClosed,
    TickChanged,
    TokenMove,
    Traded,
    TradeMoved,
    TransactionMoved,
    TransactionSent,
    WalletBound,
)
from venue_sim.ledger import FLOW, Ledger
from venue_sim.markets import Market, new_market
from venue_sim.orders import LIVE, MATCHED, Order, OrderTerms, Side
from venue_sim.units import up_value

FAILED = "FAILED"


@dataclass(slots=True)
class Trade:
    """A trade and how far its settlement has come."""

    fact: Traded
    status: str
    transaction: str
    moved_ms: int


CHAIN_NEW, CHAIN_MINED = "STATE_NEW", "STATE_MINED"
CHAIN_CONFIRMED, CHAIN_FAILED = "STATE_CONFIRMED", "STATE_FAILED"


@dataclass(slots=True)
class Transaction:
    """A wallet's calls and how far they have come; its tokens move when it is mined."""

    fact: TransactionSent
    state: str = CHAIN_NEW
    reason: str = ""


@dataclass(slots=True)
class State:
    """Keyed by the venue's ids. `by_token` leads from a token to (market, outcome)."""

    time: DomainTime | None = None
    run: str = ""
    ledger: Ledger = field(default_factory=Ledger)
    keys: dict[str, KeyIssued] = field(default_factory=dict[str, KeyIssued])
    wallets: dict[str, str] = field(default_factory=dict[str, str])
    markets: dict[str, Market] = field(default_factory=dict[str, Market])
    by_slug: dict[str, Market] = field(default_factory=dict[str, Market])
    by_token: dict[str, tuple[Market, int]] = field(default_factory=dict[str, tuple[Market, int]])
    recorded: dict[str, str] = field(default_factory=dict[str, str])
    orders: dict[str, Order] = field(default_factory=dict[str, Order])
    open_orders: defaultdict[str, dict[str, Order]] = field(
        default_factory=lambda: defaultdict[str, dict[str, Order]](dict)
    )
    trades: dict[str, Trade] = field(default_factory=dict[str, Trade])
    beats: dict[str, str] = field(default_factory=dict[str, str])
    exposures: defaultdict[str, Exposure] = field(default_factory=lambda: defaultdict[str, Exposure](Exposure))
    transactions: dict[str, Transaction] = field(default_factory=dict[str, Transaction])
    wallet_nonces: defaultdict[str, int] = field(default_factory=lambda: defaultdict[str, int](int))

    def apply(self, fact: Fact) -> None:  # noqa: PLR0912 - one case a fact
        match fact:
            case ClockSet():
                self.time = DomainTime(fact.origin_wall_ms, fact.origin_domain_ms, fact.speed)
                self.run = fact.run
            case KeyIssued():
                self._issue_key(fact)
            case KeyDeleted():
                self.keys.pop(fact.api_key, None)
            case WalletBound():
                self.wallets[fact.wallet] = fact.owner
            case CashMoved():
                self.ledger.deposit(fact.address, fact.amount)
            case MarketListed():
                self._list_market(fact)
            case TickChanged():
                self.markets[fact.market].tick = fact.tick
            case OrderAccepted():
                self._accept(fact.terms)
            case OrderClosed():
                self._close(fact)
            case Traded():
                self._trade(fact)
            case TradeMoved():
                self._move(fact)
            case MarketEnded():
                self.markets[fact.market].ended = True
            case MarketResolved():
                self._resolve(fact)
            case TransactionSent():
                self.transactions[fact.id] = Transaction(fact)
            case TransactionMoved():
                self._move_transaction(fact)
            case Beat():
                self._beat(fact)

    def know(self, order: Order) -> None:
        """Counts an order in, also before it is a fact: one in the taker hold has not happened if we die."""
        self.orders[order.id] = self.open_orders[order.terms.owner][order.id] = order

    def forget(self, order: Order) -> None:
        """A held order that came to nothing never existed: its bytes may be sent again."""
        self.orders.pop(order.id, None)
        self.open_orders[order.terms.owner].pop(order.id, None)

    def all_open(self) -> list[Order]:
        return [order for orders in self.open_orders.values() for order in orders.values()]

    def open_in(self, market: str) -> list[Order]:
        return [order for order in self.all_open() if order.terms.market == market]

    def live_of(self, api_key: str, market: str | None = None, token: str | None = None) -> list[Order]:
        """The live orders of one key, oldest first, of one market or token when given."""
        return [
            order
            for order in self.all_open()
            if order.status == LIVE
            and order.terms.api_key == api_key
            and market in {None, order.terms.market}
            and token in {None, order.terms.token}
        ]

    def available_cash(self, owner: str) -> tuple[int, int]:
        """(balance, sum reserved by open orders) in base units."""
        reserved = sum(order.reserved_cash() for order in self.open_orders[owner].values())
        return self.ledger.cash[owner], reserved

    def available_shares(self, owner: str, token: str) -> tuple[int, int]:
        """(balance, sum reserved by open sells of this token) in base units."""
        reserved = sum(
            order.reserved_shares() for order in self.open_orders[owner].values() if order.terms.token == token
        )
        return self.ledger.tokens[owner][token], reserved

    def tradable(self, token: str) -> tuple[Market, int] | None:
        """The market and outcome of a token, unless the market is resolved or unknown."""
        found = self.by_token.get(token)
        return None if found is None or found[0].resolved else found

    def key_of(self, address: str, nonce: int) -> KeyIssued | None:
        return next((key for key in self.keys.values() if (key.address, key.nonce) == (address, nonce)), None)

    def _beat(self, fact: Beat) -> None:
        if fact.heartbeat_id:
            self.beats[fact.api_key] = fact.heartbeat_id
        else:
            self.beats.pop(fact.api_key, None)

    def _issue_key(self, fact: KeyIssued) -> None:
        self.keys[fact.api_key] = fact
        self.wallets[fact.address.lower()] = fact.address
        if fact.deposit:
            self.ledger.deposit(fact.address, fact.deposit)

    def _list_market(self, fact: MarketListed) -> None:
        market = new_market(fact.coin, fact.start, fact.duration, fact.version)
        market.min_shares, market.taker_fee_ppm = fact.min_shares, fact.taker_fee_ppm
        self.markets[market.condition_id] = self.by_slug[market.slug] = market
        self.by_token.update({token: (market, outcome) for outcome, token in enumerate(market.tokens)})
        if fact.recorded:
            self.recorded[market.condition_id] = fact.recorded

    def _accept(self, terms: OrderTerms) -> None:
        order = self.orders.get(terms.id) or Order(terms)
        order.status = LIVE
        self.know(order)
        self._look(terms.owner)

    def _close(self, fact: OrderClosed) -> None:
        order = self.orders[fact.id]
        order.status = fact.status
        self.open_orders[order.terms.owner].pop(order.id, None)
        self._look(order.terms.owner)

    def _trade(self, fact: Traded) -> None:
        self.trades[fact.id] = Trade(fact, MATCHED, "", fact.matched_ms)
        self.ledger.charge_fee(fact.taker, fact.fee)
        for half in halves(fact):
            self._book(fact.market, half)
            self._fill(fact.id, half)
        self._look_at_all(fact)

    def _book(self, market_id: str, half: "Half") -> None:
        market = self.markets[market_id]
        token = market.tokens[half.outcome]
        if half.account != FLOW:
            held = self.ledger.tokens[half.account][token]
            self.exposures[half.account].trade(token, half.side, shares=half.shares, value=half.value, held_before=held)
        self.ledger.trade(half.account, market, half.outcome, half.side, shares=half.shares, up_price=half.up_price)

    def _fill(self, trade_id: str, half: "Half") -> None:
        order = self.orders.get(half.order_id)
        if order is None:
            return
        order.matched += half.shares
        order.paid += half.value
        if trade_id not in order.trades:
            order.trades.append(trade_id)
        if not order.terms.immediate and order.remaining <= 0:
            order.status = MATCHED
            self.open_orders[order.terms.owner].pop(order.id, None)

    def _move(self, fact: TradeMoved) -> None:
        trade = self.trades[fact.id]
        trade.status, trade.transaction, trade.moved_ms = fact.status, fact.transaction, fact.moved_ms
        if fact.status == FAILED:
            self._take_back(trade.fact)

    def _take_back(self, fact: Traded) -> None:
        """A trade that failed on chain: cash and tokens go back; the orders' part of it is over."""
        market = self.markets[fact.market]
        self.ledger.charge_fee(fact.taker, -fact.fee)
        for half in halves(fact):
            back: Side = "SELL" if half.side == "BUY" else "BUY"
            self.ledger.trade(half.account, market, half.outcome, back, shares=half.shares, up_price=half.up_price)
            if half.account != FLOW:
                self.exposures[half.account].take_back(market.tokens[half.outcome], half.side, half.value)
            order = self.orders.get(half.order_id)
            if order is not None:
                order.matched -= half.shares
                order.failed += half.shares
                order.paid -= half.value
        self._look_at_all(fact)

    def _look(self, account: str) -> None:
        """Exposure after an event: held orders are no facts yet and do not count."""
        resting = sum(order.reserved_cash() for order in self.open_orders[account].values() if order.status == LIVE)
        self.exposures[account].look(resting)

    def _look_at_all(self, fact: Traded) -> None:
        for account in {half.account for half in halves(fact)} - {FLOW}:
            self._look(account)

    def _resolve(self, fact: MarketResolved) -> None:
        market = self.markets[fact.market]
        market.ended, market.winner, market.resolved_ms = True, fact.winner, fact.resolved_ms
        self.ledger.pay_out(market, fact.winner, None if fact.redeems else FLOW)
        for account, exposure in self.exposures.items():
            exposure.settle(market.tokens)
            self._look(account)

    def _move_transaction(self, fact: TransactionMoved) -> None:
        transaction = self.transactions[fact.id]
        transaction.state, transaction.reason = fact.state, fact.reason
        if fact.state != CHAIN_MINED:
            return
        owner = transaction.fact.owner
        self.wallet_nonces[owner] += 1
        for move in transaction.fact.moves:
            self._move_tokens(owner, move)

    def _move_tokens(self, owner: str, move: TokenMove) -> None:
        market = self.markets[move.market]
        if move.kind == "merge":
            self.ledger.merge(owner, market, move.shares or 0)
            return
        for outcome in (0, 1) if move.outcome is None else (move.outcome,):
            held = self.ledger.tokens[owner][market.tokens[outcome]]
            self.ledger.redeem(owner, market, outcome, held if move.shares is None else move.shares)


@dataclass(frozen=True, slots=True)
class Half:
    """What one order did in a trade at one price. `shares` and `value` in base units."""

    order_id: str
    account: str
    outcome: int
    side: Side
    shares: int
    up_price: int

    @property
    def value(self) -> int:
        up = up_value(self.shares, self.up_price)
        return up if self.outcome == 0 else self.shares - up


def halves(fact: Traded) -> list[Half]:
    """The taker against each maker, then each maker."""
    taken = [
        Half(fact.taker_order_id, fact.taker, fact.outcome, fact.side, leg.shares, fact.price_of(leg))
        for leg in fact.makers
    ]
    made = [
        Half(leg.order_id, leg.account, leg.outcome, leg.side, leg.shares, fact.price_of(leg)) for leg in fact.makers
    ]
    return [*taken, *made]
