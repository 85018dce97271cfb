"""One outcome at one instant, seen as a new entry or as an order that rests: what every filter looks at."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal

from services.bidder.domain.judge import Judge
from services.bidder.domain.ladder import Rung, next_rung
from services.bidder.domain.market_state import MarketState
from services.bidder.domain.rules import Account, Rules
from services.bidder.domain.sizing import confidence, entry_shares, spread_factor
from shared.domain.book import Level
from shared.domain.market import Outcome
from shared.domain.money import ONE, Cash, Price, Shares, taker_fee
from shared.domain.order import Order
from shared.domain.reference import UP, directional, up_move_pct

MICROSECOND = timedelta(microseconds=1)
MICROSECONDS_A_MINUTE = Decimal(60_000_000)


class _Unasked:
    """Nobody asked yet; None is an answer."""


UNASKED = _Unasked()


@dataclass(slots=True)
class Candidate:
    """`bid` is net of our own orders; `resting` is the order that is looked at, None for a new entry.

    What takes its time is found once, when a filter asks for it, and kept: words say what the filters saw.
    """

    state: MarketState
    outcome: Outcome
    account: Account
    judge: Judge
    rules: Rules
    now: datetime
    bid: Level | None
    resting: Order | None = None
    _rung: Rung | _Unasked | None = UNASKED
    _fair: Decimal | _Unasked | None = UNASKED
    _model: Decimal | _Unasked | None = UNASKED

    @property
    def rung(self) -> Rung | None:
        """The next one of the outcome, None once all are filled."""
        if isinstance(self._rung, _Unasked):
            orders = self.state.entries(self.rules.strategy_tag, self.outcome.name) if self.state.orders else ()
            self._rung = next_rung(orders, len(self.state.ladder) or 1, self.state.market.min_shares)
        return self._rung

    @property
    def ask(self) -> Level | None:
        """At a price of 1 nothing can be won, so nothing is offered."""
        ask = self.state.best_ask(self.outcome)
        return None if ask is None or ask.price.value >= ONE else ask

    @property
    def price(self) -> Price | None:
        """To be paid: the order's own, the ask of a taker, the rung's, or the bid itself in single-order mode."""
        if self.resting is not None:
            return self.resting.price
        if self.takes:
            return None if self.ask is None else self.ask.price
        if self.state.ladder:
            return None if self.rung is None else self.state.ladder[self.rung.index]
        return None if self.bid is None else self.bid.price

    @property
    def price_as_far_as_asked(self) -> Price | None:
        """Without asking a model that no filter had to ask: it takes its time."""
        is_unasked = self.judge.model_p_up is not None and isinstance(self._model, _Unasked)
        return None if is_unasked else self.price

    @property
    def takes(self) -> bool:
        """Fill-or-kill at the ask: by setting, or since the model is sure. With a ladder the model only filters."""
        if self.resting is not None:
            return False
        if self.rules.taker:
            return True
        if self.judge.model_p_up is None or self.judge.is_dynamic or self.state.ladder:
            return False
        p_win = self.model_p_win()
        return p_win is not None and p_win >= self.rules.hybrid_taker_above

    @property
    def minutes(self) -> Decimal:
        """Into the slot, to the microsecond."""
        return (self.now - self.state.market.start) // MICROSECOND / MICROSECONDS_A_MINUTE

    @property
    def utc_hour(self) -> int:
        return self.now.astimezone(UTC).hour

    def move_pct(self) -> Decimal | None:
        """In the outcome's favour; None without strike or fresh spot, or where one of them cannot be a price."""
        reference = self.state.reference(self.now, self.rules.stale_seconds)
        up_move = None if reference is None else up_move_pct(*reference)
        return None if up_move is None else directional(up_move, self.outcome.name)

    def fair_value(self) -> Decimal | None:
        if isinstance(self._fair, _Unasked):
            self._fair = self._own(self.judge.fair_p_up(self.state, self.now))
        return self._fair

    def model_p_win(self) -> Decimal | None:
        """None without a model, and without strike or spot, whatever the model would say."""
        if isinstance(self._model, _Unasked):
            ask = self.judge.model_p_up
            is_blind = ask is None or self.move_pct() is None
            self._model = None if is_blind or ask is None else self._own(ask(self.state, self.now))
        return self._model

    def seen_chances(self) -> tuple[Decimal | None, Decimal | None]:
        """Fair value and the model's p_win, as far as a filter asked."""
        fair, model = self._fair, self._model
        return None if isinstance(fair, _Unasked) else fair, None if isinstance(model, _Unasked) else model

    def shares(self, price: Price) -> Shares:
        unfilled = None if self.rung is None else self.rung.unfilled()
        market, rules = self.state.market, self.rules
        return entry_shares(self._size(), price, unfilled, market.min_shares, rules.min_size_policy)

    def dollars(self, price: Price) -> Cash:
        """After all rounding, a taker's fee included."""
        shares = self.shares(price)
        notional = price * shares
        return notional + taker_fee(shares, price, self.state.market.taker_fee_rate) if self.takes else notional

    def _size(self) -> Cash:
        size = self.rules.order_size
        if self.rules.spread_size_mult and self.bid is not None and self.ask is not None:
            spread = self.ask.price.value - self.bid.price.value
            size = size.times(spread_factor(spread, self.rules.spread_size_mult))
        p_win = None if self.state.ladder else self.model_p_win()
        return size if p_win is None else size.times(confidence(p_win))

    def _own(self, p_up: Decimal | None) -> Decimal | None:
        return p_up if p_up is None or self.outcome.name == UP else 1 - p_up


def candidate(state: MarketState, outcome: Outcome, account: Account, judge: Judge, now: datetime) -> Candidate:
    rules = judge.rules
    return Candidate(state, outcome, account, judge, rules, now, state.best_bid(outcome, rules))


def resting(
    state: MarketState, outcome: Outcome, order: Order, account: Account, judge: Judge, now: datetime
) -> Candidate:
    rules = judge.rules
    return Candidate(state, outcome, account, judge, rules, now, state.best_bid(outcome, rules), order)
