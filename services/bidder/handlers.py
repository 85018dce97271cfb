"""Use cases: every fact and level updates one market's state, then that market is planned anew."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

from services.bidder.domain.decisions import DecisionLog
from services.bidder.domain.entry_model import EntryModel
from services.bidder.domain.judge import Judge
from services.bidder.domain.market_state import Fill, Holding, Intent, MarketState, Quote, listed
from services.bidder.domain.outlook import FairOutlook
from services.bidder.domain.plan import Cancel, Decision, NoEntry, Place, decide
from services.bidder.domain.reasons import Reason, Refused
from services.bidder.domain.registry import Registry
from services.bidder.domain.rules import Account
from services.bidder.ports import Intents, Tables
from shared.domain.book import Level
from shared.domain.clock import Clock
from shared.domain.ids import AccountId, MarketId, TokenId, entry_order_id
from shared.domain.market import Market, Outcome, ProtocolVersion
from shared.domain.money import NO_CASH, NO_SHARES, Cash
from shared.domain.order import Order, OrderStatus, Side, TimeInForce
from shared.domain.reference import Spot, Strike
from shared.messages.bidder import CancelEntry, PlaceEntry
from shared.messages.discovery import MarketListed, ReferencePrice, StrikeCaptured, TopChanged
from shared.messages.envelope import Envelope, Message, command, open_envelope
from shared.messages.executor import EntriesClosed, OrderChanged
from shared.messages.fills import FillBooked, PositionChanged
from shared.messages.risk import TradingStateChanged

PRODUCER = "bidder"
VALID = timedelta(seconds=2)
"""Wall: how long an intent may be traded, and how long its answer is waited for before it is sent again."""
EARLY_TOPS_MAX = 1000


class Bidder:
    """Not one call waits: from a level to the intent there is no database and no Redis.
    `outlook` hears every spot, `entry_model` sees every book, before a market is planned with it."""

    def __init__(
        self,
        judge: Judge,
        account: AccountId,
        clock: Clock,
        intents: Intents,
        outlook: FairOutlook | None = None,
        entry_model: EntryModel | None = None,
        decisions: DecisionLog | None = None,
    ) -> None:
        self.decisions = decisions or DecisionLog()
        self.oversize_fills = 0
        self.intents_sent = 0
        self._judge = judge
        self._rules = judge.rules
        self._outlook = outlook
        self._entry_model = entry_model
        self._account_id = account
        self._clock = clock
        self._intents = intents
        self._registry = Registry()
        self._account = Account("halted", NO_CASH)
        self._account_version = -1
        self._early_tops: dict[TokenId, TopChanged] = {}
        self._is_open = False

    @property
    def watched(self) -> int:
        """How many markets it plans for."""
        return len(self._registry)

    def open(self) -> None:
        """The tables were read and domain time runs: from now on it plans."""
        self._is_open = True

    # levels

    def on_top(self, top: TopChanged) -> None:
        state = self._registry.get(top.market)
        if state is None:
            self._keep_early(top)
            return
        quoted = state.with_quote(_quote(top))
        if self._entry_model is not None:
            self._entry_model.see(quoted, self._clock.now())
        self._plan(quoted)

    def on_remembered_top(self, top: TopChanged) -> None:
        """From before we ran: worth something only where nothing newer was heard."""
        state = self._registry.get(top.market)
        if state is not None and top.token not in state.quotes:
            self.on_top(top)

    def on_price(self, price: ReferencePrice) -> None:
        if price.spot is not None and price.spot_at is not None:
            spot = Spot(price.spot, price.spot_at)
            if self._outlook is not None:
                self._outlook.hear(price.coin, spot)
            self._registry.spot(price.coin, spot)

    # facts

    async def on_market(self, envelope: Envelope) -> None:
        """Raises MessageError."""
        if envelope.schema == StrikeCaptured.SCHEMA:
            self._strike(open_envelope(StrikeCaptured, envelope), envelope.key_sequence)
        else:
            self._listed(open_envelope(MarketListed, envelope), envelope.key_sequence)

    async def on_order(self, envelope: Envelope) -> None:
        """A sale is risk's, and no rung; so is the word that entries are closed. Raises MessageError."""
        if envelope.schema == EntriesClosed.SCHEMA:
            return
        changed = open_envelope(OrderChanged, envelope)
        state = self._registry.get(changed.market)
        if state is not None and changed.account == self._account_id and changed.side is Side.BUY:
            self._plan(state.with_order(_order(changed)))

    async def on_fill(self, envelope: Envelope) -> None:
        """Raises MessageError."""
        if envelope.schema == FillBooked.SCHEMA:
            self._fill(open_envelope(FillBooked, envelope))
        else:
            self._position(open_envelope(PositionChanged, envelope))

    async def on_trading_state(self, envelope: Envelope) -> None:
        """Raises MessageError."""
        changed = open_envelope(TradingStateChanged, envelope)
        if changed.account == self._account_id:
            self.on_account(changed.state, self._account.headroom, changed.version)

    def on_account(self, trading_state: str, headroom: Cash, version: int) -> None:
        """`version` counts changes of the trading state; an older state changes nothing."""
        newest = trading_state if version >= self._account_version else self._account.trading_state
        self._account = Account(newest, headroom)
        self._account_version = max(version, self._account_version)

    def restore(self, tables: Tables) -> None:
        """Brings the states in line with the tables; what is newer here stays."""
        for market in tables.markets:
            known = self._registry.get(market.market) or self._with_early_tops(listed(market, self._rules))
            self._registry.put(known.with_market(market, known.version))
        for order in tables.orders:
            if (state := self._registry.get(order.market)) is not None:
                self._registry.put(state.with_order(order))
        for market, holding in tables.holdings:
            if (state := self._registry.get(market)) is not None:
                self._registry.put(state.with_holding(holding))
        for market, strike in tables.strikes:
            if (state := self._registry.get(market)) is not None:
                self._registry.put(replace(state, strike=strike))
        for market, flags in tables.flags:
            if (state := self._registry.get(market)) is not None:
                self._registry.put(replace(state, flags=flags))
        if self._entry_model is not None:
            self._entry_model.keep(market.market for market in tables.markets)
        self._registry.forget_settled(frozenset(market.market for market in tables.markets), self._clock.now())
        self.decisions.keep(state.market.market for state in self._registry)

    def look(self) -> None:
        """At every market, whether or not something happened: time alone opens and closes gates."""
        now = self._clock.now()
        for state in self._registry:
            if state.orders or not state.market.has_ended(now):
                self._plan(state)

    def _plan(self, state: MarketState) -> None:
        if not self._is_open:
            self._registry.put(state)
            return
        now, wall = self._clock.now(), self._clock.wall()
        planned = state.without_expired(wall)
        for decision in decide(planned, self._account, self._judge, now):
            planned, done = self._carry_out(planned, decision, now, wall)
            self.decisions.add(planned.market.market, done, now)
        self._registry.put(planned)

    def _carry_out(
        self, state: MarketState, decision: Decision, now: datetime, wall: datetime
    ) -> tuple[MarketState, Decision]:
        match decision:
            case Place():
                return self._place(state, decision, now, wall)
            case Cancel():
                return self._cancel(state, decision, now, wall), decision
            case NoEntry():
                return state, decision

    def _place(
        self, state: MarketState, place: Place, now: datetime, wall: datetime
    ) -> tuple[MarketState, Place | NoEntry]:
        order = self._placeholder(state.market.market, place, now)
        asked = state.with_intent(Intent(order, wall + VALID))
        if isinstance(asked, Refused):
            return state, NoEntry(place.outcome, asked.reason, place.price, place.looked_at)
        entry = PlaceEntry(
            order_id=order.order_id,
            account=self._account_id,
            strategy_tag=self._rules.strategy_tag,
            market=order.market,
            token=order.token,
            outcome=order.outcome,
            rung=order.rung,
            attempt=order.attempt,
            price=order.price,
            shares=order.shares,
            time_in_force=TimeInForce.FOK if place.takes else TimeInForce.GTC,
            post_only=not place.takes,
            decided_at=now,
            valid_until=wall + VALID,
        )
        self._send(entry, order.order_id, order.market, now, wall)
        return asked, place

    def _placeholder(self, market: MarketId, place: Place, now: datetime) -> Order:
        tag, outcome = self._rules.strategy_tag, place.outcome
        return Order(
            order_id=entry_order_id(tag, market, outcome.name, place.rung, place.attempt),
            market=market,
            token=outcome.token,
            outcome=outcome.name,
            side=Side.BUY,
            rung=place.rung,
            attempt=place.attempt,
            price=place.price,
            shares=place.shares,
            filled=NO_SHARES,
            status=OrderStatus.SUBMITTING,
            venue_order_id=None,
            placed_at=now,
            version=0,
        )

    def _cancel(self, state: MarketState, cancel: Cancel, now: datetime, wall: datetime) -> MarketState:
        asked = state.with_cancel_asked(cancel.order_id, wall + VALID)
        if isinstance(asked, Refused):
            return state
        market = state.market.market
        wish = CancelEntry(
            order_id=cancel.order_id,
            account=self._account_id,
            market=market,
            reason=cancel.reason.value,
            decided_at=now,
        )
        self._send(wish, f"cancel/{cancel.order_id}", market, now, wall)
        return asked

    def _send(self, message: Message, name: str, market: MarketId, now: datetime, wall: datetime) -> None:
        """The stream drops a repeat of the same window of validity; the next window's gets through, so that what was
        refused or lost can be asked for again."""
        window = int(wall.timestamp() // VALID.total_seconds())
        envelope = command(
            message,
            message_id=f"{name}@{window}",
            producer=PRODUCER,
            key=market,
            occurred_at=now,
            recorded_at=wall,
        )
        self._intents.send(f"{message.SUBJECT}.{market}", envelope)
        self.intents_sent += 1

    def _listed(self, listing: MarketListed, version: int) -> None:
        market = _market(listing)
        known = self._registry.get(market.market)
        if known is not None:
            self._plan(known.with_market(market, version))
        elif not market.has_ended(self._clock.now()):
            self._plan(self._with_early_tops(replace(listed(market, self._rules), version=version)))

    def _keep_early(self, top: TopChanged) -> None:
        """A market's first book often comes before its listing, which takes the way through the outbox."""
        if len(self._early_tops) >= EARLY_TOPS_MAX:
            self._early_tops.clear()
        self._early_tops[top.token] = top

    def _with_early_tops(self, state: MarketState) -> MarketState:
        for outcome in state.market.outcomes:
            top = self._early_tops.pop(outcome.token, None)
            state = state if top is None else state.with_quote(_quote(top))
        return state

    def _strike(self, captured: StrikeCaptured, version: int) -> None:
        state = self._registry.get(captured.market)
        if state is not None:
            self._plan(state.with_strike(Strike(captured.price, captured.provenance), version))

    def _fill(self, booked: FillBooked) -> None:
        state = self._registry.get(booked.market)
        if state is None or booked.account != self._account_id or booked.side is Side.SELL:
            return
        fill = Fill(booked.fill_id, booked.order_id, booked.shares, booked.status == "failed", booked.version)
        counted = state.with_fill(fill)
        if isinstance(counted, MarketState):
            self._plan(counted)
        elif counted.reason is Reason.OVERSIZE_FILL:
            self.oversize_fills += 1
            self._registry.put(state.with_refused_fill(fill))

    def _position(self, changed: PositionChanged) -> None:
        state = self._registry.get(changed.market)
        if state is not None and changed.account == self._account_id:
            self._plan(state.with_holding(Holding(changed.token, changed.shares, changed.version)))


def _quote(top: TopChanged) -> Quote:
    bids = tuple([Level(level.price, level.shares) for level in top.bids])
    asks = tuple([Level(level.price, level.shares) for level in top.asks])
    return Quote(top.token, bids, asks, top.known, top.seen_at, top.sequence)


def _order(changed: OrderChanged) -> Order:
    return Order(
        order_id=changed.order_id,
        market=changed.market,
        token=changed.token,
        outcome=changed.outcome,
        side=changed.side,
        rung=changed.rung,
        attempt=changed.attempt,
        price=changed.price,
        shares=changed.shares,
        filled=changed.filled,
        status=changed.status,
        venue_order_id=changed.venue_order_id,
        placed_at=changed.placed_at,
        version=changed.version,
    )


def _market(listing: MarketListed) -> Market:
    first, second = (Outcome(outcome.name, outcome.token) for outcome in listing.outcomes)
    return Market(
        market=listing.market,
        slug=listing.slug,
        coin=listing.coin,
        start=listing.start,
        end=listing.end,
        outcomes=(first, second),
        tick=listing.tick,
        min_shares=listing.min_shares,
        taker_fee_rate=listing.taker_fee_rate,
        version=ProtocolVersion(listing.protocol_version),
        neg_risk=listing.neg_risk,
        accepting_orders=listing.accepting_orders,
    )
