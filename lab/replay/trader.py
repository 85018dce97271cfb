"""Bids, paper fills and results of one market at one instant: what bidder, executor, fills and settlement do, in one
process and at once."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal

from lab.replay.ledger import Ledger
from lab.replay.recorder import Recorder
from lab.replay.watched import Watched
from services.bidder.domain.filters import verdicts
from services.bidder.domain.judge import Judge
from services.bidder.domain.market_state import Flags, Holding
from services.bidder.domain.plan import Cancel, Decision, NoEntry, Place, decide
from services.bidder.domain.reasons import Reason
from services.bidder.domain.rules import Account
from services.fills.domain.paper import PaperOrder, look, match_at_once
from services.fills.domain.shadow import FirstFill, Offer, Shadow, enter
from services.risk.domain.breaker import Breaker, BreakerLimits, correct, hear
from services.risk.domain.stop_loss import Exposed
from shared.domain.ids import MarketId, OrderId, TokenId, entry_order_id
from shared.domain.market import Outcome
from shared.domain.money import NO_CASH, NO_SHARES, Cash, Price, Shares, average_price, taker_fee
from shared.domain.order import Order, OrderStatus, Side, TimeInForce
from shared.domain.reference import UP

PASSES_MAX = 4
"""Looks at a market within one instant: an order that goes makes room for the next one."""
BREAKER = "breaker"


@dataclass(frozen=True, slots=True)
class Terms:
    """Settings beyond the bidder's; seconds are domain time."""

    judge: Judge
    breaker: BreakerLimits
    paper_fill_seconds: float

    def fair_value(self, w: Watched, outcome: str, now: datetime) -> Decimal | None:
        p_up = self.judge.fair_p_up(w.state, now)
        return p_up if p_up is None or outcome == UP else 1 - p_up


class Trader:
    """`tripped_at` is when the breaker closed entries for good: a replay has no operator to reset it."""

    def __init__(self, terms: Terms, ledger: Ledger, tell: Recorder) -> None:
        self.ledger = ledger
        self.tell = tell
        self.breaker = Breaker()
        self.tripped_at: datetime | None = None
        self._terms = terms
        self._tag = terms.judge.rules.strategy_tag
        self._shadows: dict[MarketId, Shadow] = {}

    # bids

    def bid(self, w: Watched, now: datetime) -> None:
        """What `w` remembers of it says which tops are no news. While an outcome is refused for a stale book, any sign
        of life is news; where all rungs are filled, nothing but the bid's range is asked."""
        for _ in range(PASSES_MAX):
            account = Account(self.ledger.trading_state, self.ledger.headroom)
            decisions = decide(w.state, account, self._terms.judge, now)
            acted = [self._carry_out(w, decision, now) for decision in decisions]
            if not any(acted):
                refused = {each.outcome.token: each.reason for each in decisions if isinstance(each, NoEntry)}
                w.looked_fresh = Reason.STALE_BOOK not in refused.values()
                w.complete = frozenset(t for t, reason in refused.items() if reason is Reason.LADDER_COMPLETE)
                return
        w.looked_fresh = False

    def _carry_out(self, w: Watched, decision: Decision, now: datetime) -> bool:
        """Whether it changed anything."""
        match decision:
            case Place():
                self._note(w, decision, "taken" if decision.takes else "placed", "", now)
                return self._place(w, decision, now)
            case Cancel():
                self._note(w, decision, "cancelled", decision.reason.value, now)
                self._cancel(w, decision.order_id, decision.reason.value, now)
                return True
            case NoEntry():
                self._note(w, decision, "refused", decision.reason.value, now)
                return False

    def _note(self, w: Watched, decision: Decision, verdict: str, reason: str, now: datetime) -> None:
        """The filters are put into words only where the answer is a new one."""
        record = w.tally.note(decision.outcome.name, verdict, reason, decision.price, now)
        if record is not None and decision.looked_at is not None:
            record.filters = verdicts(decision.looked_at)

    def _place(self, w: Watched, place: Place, now: datetime) -> bool:
        name = entry_order_id(self._tag, w.market.market, place.outcome.name, place.rung, place.attempt)
        order = new_order(
            name, w.market.market, place.outcome, Side.BUY, place.rung, place.attempt, place.price, place.shares, now
        )
        refusal = self.ledger.reserve(order, w.market, now, takes=place.takes)
        if refusal is not None:
            self.tell.order(w, order, "refused", refusal, now)
            return False
        self.ledger.accept(name)
        self.tell.order(w, order, "reserved", "", now)
        self._learn(w, name)
        self._send(w, order, now, takes=place.takes)
        return True

    def _send(self, w: Watched, order: Order, now: datetime, *, takes: bool) -> None:
        force = TimeInForce.FOK if takes else TimeInForce.GTC
        paper = PaperOrder(
            order.order_id, order.market, order.token, order.price, order.shares, w.market.end, time_in_force=force
        )
        if takes:
            self._take(w, paper, now)
            return
        w.papers[order.order_id] = paper
        self._look(w, paper, now)

    def cancel_entries(self, w: Watched, reason: str, now: datetime, outcome: str | None = None) -> None:
        """All that rest, or those of one outcome."""
        for name in [name for name in w.papers if outcome in {None, self.ledger.orders[name].outcome}]:
            self._cancel(w, name, reason, now)

    def _cancel(self, w: Watched, name: OrderId, reason: str, now: datetime) -> None:
        w.papers.pop(name, None)
        if self.ledger.cancel(name):
            self.tell.order(w, self.ledger.orders[name], "cancelled", reason, now)
            self._learn(w, name)

    # fills

    def fill_papers(self, w: Watched, now: datetime) -> None:
        for name in list(w.papers):
            paper = w.papers.get(name)
            if paper is not None:
                self._look(w, paper, now)

    def _look(self, w: Watched, paper: PaperOrder, now: datetime) -> None:
        top = w.books[paper.token].paper_top()
        w.papers[paper.order_id], is_filled = look(paper, top, now, self._terms.paper_fill_seconds)
        if is_filled:
            del w.papers[paper.order_id]
            self._buy(w, paper, paper.price, paper.remaining, NO_CASH, "maker", now)

    def _take(self, w: Watched, paper: PaperOrder, now: datetime) -> None:
        got = match_at_once(paper, w.books[paper.token].paper_top(), now)
        if got is None:
            self._cancel(w, paper.order_id, "KILLED", now)
            return
        fee = taker_fee(got.shares, got.price, w.market.taker_fee_rate)
        self._buy(w, paper, got.price, got.shares, fee, "taker", now)

    def _buy(
        self, w: Watched, paper: PaperOrder, price: Price, shares: Shares, fee: Cash, liquidity: str, now: datetime
    ) -> None:
        if self.ledger.book_fill(paper.next_trade(), paper.order_id, price, shares, fee, now) != "booked":
            return
        order = self.ledger.orders[paper.order_id]
        fair = self._terms.fair_value(w, order.outcome, now)
        self.tell.fill(w, order, price, shares, fee, liquidity, fair, now)
        self._learn(w, order.order_id)
        self.learn_position(w, order.token)
        if w.first_fill_at is None:
            w.first_fill_at = now
            self._enter_shadow(w, paper, order.outcome, now)
        self.cancel_entries(w, "OTHER_SIDE_HELD", now, w.market.other(order.outcome).name)

    def _enter_shadow(self, w: Watched, paper: PaperOrder, outcome: str, now: datetime) -> None:
        stake = paper.price * paper.remaining
        rate = w.market.taker_fee_rate
        first = FirstFill(paper.market, paper.next_trade(), paper.token, outcome, stake, rate, now)
        shadow = enter(first, Offer(w.books[paper.token].ask_price))
        self._shadows[paper.market] = shadow
        if shadow.bought is None:
            self.tell.shadow(w, shadow, None, now)

    # results

    def settle(self, w: Watched, payouts: Mapping[TokenId, Decimal], kind: str, source: str, now: datetime) -> bool:
        """False while it cannot be booked yet."""
        booked = self.ledger.settle(w.market, payouts, kind, source)
        if isinstance(booked, str):
            return False
        for each in booked:
            self.tell.settled(w, each, now)
            self._hear_settled(each.token, now)
            self.learn_position(w, each.token)
        shadow = self._shadows.pop(w.market.market, None)
        if shadow is not None and shadow.bought is not None:
            value = Cash(shadow.bought.shares.value * payouts[shadow.first.token])
            self.tell.shadow(w, shadow, value - shadow.first.stake, now)
        return True

    def leave_unresolved(self, w: Watched, now: datetime) -> None:
        """Nothing tells who won: nothing is booked, and the summary counts it as such."""
        for position in self.ledger.positions.values():
            if position.market == w.market.market and position.shares:
                self.tell.unresolved(w, position, now)

    def hear_sold_out(self, w: Watched, token: TokenId, now: datetime) -> None:
        """The position was left early: a result for the breaker, a loss for the shadow."""
        position = self.ledger.positions[token]
        profit = position.realised - position.fees
        if profit != position.heard:
            self._result(hear(self.breaker, profit - position.heard, now, self._terms.breaker), now)
            position.heard = profit
        shadow = self._shadows.pop(w.market.market, None)
        if shadow is not None and shadow.bought is not None:
            self.tell.shadow(w, shadow, -shadow.first.stake, now)

    def _hear_settled(self, token: TokenId, now: datetime) -> None:
        position = self.ledger.positions[token]
        told = hear if position.heard == NO_CASH else correct
        self._result(told(self.breaker, position.realised - position.heard, now, self._terms.breaker), now)
        position.heard = position.realised

    def _result(self, breaker: Breaker, now: datetime) -> None:
        self.breaker = breaker
        if breaker.tripped is not None and BREAKER not in self.ledger.causes:
            self.ledger.causes[BREAKER] = "reducing"
            self.tripped_at = now

    # what a market's state learns of it

    def _learn(self, w: Watched, name: OrderId) -> None:
        w.state = w.state.with_order(self.ledger.orders[name])

    def learn_position(self, w: Watched, token: TokenId) -> None:
        position = self.ledger.positions[token]
        w.state = w.state.with_holding(Holding(token, position.shares, position.version))
        self.learn_flags(w)
        if position.is_sold_out:
            w.exposed = None
            return
        known = w.exposed if w.exposed is not None and w.exposed.token == token else None
        w.exposed = Exposed(
            market=position.market,
            token=token,
            outcome=position.outcome,
            entry_price=average_price(position.cost, position.shares),
            shares=position.shares,
            confirmed_shares=position.shares,
            highest_bid=position.highest_bid,
            filled_at=position.filled_at,
            ends_at=w.market.end,
            below_exit_since=None if known is None else known.below_exit_since,
        )

    def learn_flags(self, w: Watched) -> None:
        guard = self.ledger.guard(w.market.market)
        flags = Flags(guard.exited, guard.awaiting_settlement, guard.both_sides, guard.unmatched_fills > 0)
        if flags != w.state.flags:
            w.state = replace(w.state, flags=flags)


def new_order(
    name: OrderId,
    market: MarketId,
    outcome: Outcome,
    side: Side,
    rung: int,
    attempt: int,
    price: Price,
    shares: Shares,
    now: datetime,
) -> Order:
    return Order(
        order_id=name,
        market=market,
        token=outcome.token,
        outcome=outcome.name,
        side=side,
        rung=rung,
        attempt=attempt,
        price=price,
        shares=shares,
        filled=NO_SHARES,
        status=OrderStatus.SUBMITTING,
        venue_order_id=None,
        placed_at=now,
        version=0,
    )
