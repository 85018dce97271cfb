"""Leaving early: the stop-loss and the sales that follow from it, in the steps that risk and executor take."""

from __future__ import annotations

from datetime import datetime

from lab.replay.models import Models
from lab.replay.trader import Terms, Trader, new_order
from lab.replay.watched import Watched
from services.fills.domain.paper import Match, PaperOrder, match_at_once
from services.risk.domain import leaving as course
from services.risk.domain.stop_loss import AwaitSettlement, ExitDecision, ExitRules, Exposed, Sight, look
from shared.domain.ids import exit_order_id
from shared.domain.money import taker_fee
from shared.domain.order import Order, Side, TimeInForce

LOOKS_AN_INSTANT = 2
"""Entries are closed at once here, so the second look may sell."""


class Exits:
    """Of one account. The pauses between two tries, wall time elsewhere, are domain time here."""

    def __init__(self, trader: Trader, terms: Terms, rules: ExitRules, models: Models) -> None:
        self._trader = trader
        self._terms = terms
        self._rules = rules
        self._models = models
        self._tag = terms.judge.rules.strategy_tag

    @property
    def are_off(self) -> bool:
        return self._rules.is_off

    def look(self, w: Watched, now: datetime) -> None:
        for _ in range(LOOKS_AN_INSTANT):
            if w.exposed is None or self.are_off or not self._look(w, w.exposed, now):
                return

    def _look(self, w: Watched, before: Exposed, now: datetime) -> bool:
        """Whether the next step may follow at once."""
        if self._is_far_above(w, before):
            return False
        sight = self._sight(w, before, now)
        exposed, decision = look(before, sight, self._rules)
        self._follow(w, exposed, decision, sight)
        w.leaving, step = course.next_step(w.leaving, decision, self._ground(w, exposed), now.timestamp())
        match step:
            case course.AskToClose():
                self._close_entries(w, now)
                return True
            case course.Offer():
                self._sell(w, exposed, step, now)
            case course.Nothing():
                pass
        return False

    def _is_far_above(self, w: Watched, exposed: Exposed) -> bool:
        """Nothing to decide, only a new highest bid: most looks are of this kind, and words take their time."""
        if self._rules.has_model:
            return False
        book = w.books[exposed.token]
        bid = book.bid_price
        if bid is None or bid <= self._rules.exit or w.is_selling or w.state.flags.awaiting_settlement:
            return False
        if bid > exposed.highest_bid and not book.is_crossed:
            return False
        return self._trader.ledger.trading_state != "halted"

    def _sight(self, w: Watched, exposed: Exposed, now: datetime) -> Sight:
        top = w.books[exposed.token].top(w.seen_at)
        fair = self._terms.fair_value(w, exposed.outcome, now)
        p_win = self._models.p_win(w, exposed, now)
        return Sight(top, fair, p_win, now, self._trader.ledger.trading_state == "halted")

    def _follow(self, w: Watched, exposed: Exposed, decision: ExitDecision, sight: Sight) -> None:
        """Before the slot's end an empty book is marked as awaiting settlement, and taken back when a bid returns."""
        w.exposed = exposed
        self._trader.ledger.raise_highest_bid(exposed.token, exposed.highest_bid)
        guard = self._trader.ledger.guard(w.market.market)
        if isinstance(decision, AwaitSettlement):
            guard.awaiting_settlement = True
        elif sight.bid is not None and sight.now < exposed.ends_at:
            guard.awaiting_settlement = False
        self._trader.learn_flags(w)

    def _ground(self, w: Watched, exposed: Exposed) -> course.Ground:
        ledger = self._trader.ledger
        is_exited = ledger.guard(w.market.market).exited
        sales = sum(order.side is Side.SELL for order in ledger.orders_of(w.market.market))
        return course.Ground(is_exited, is_exited, exposed.confirmed_shares, sales, selling=False)

    def _close_entries(self, w: Watched, now: datetime) -> None:
        self._trader.ledger.guard(w.market.market).exited = True
        self._trader.learn_flags(w)
        self._trader.cancel_entries(w, "EXITED", now)
        w.leaving = course.entries_closed(w.leaving)

    def _sell(self, w: Watched, exposed: Exposed, offer: course.Offer, now: datetime) -> None:
        outcome = w.market.outcome_of(exposed.token)
        name = exit_order_id(self._tag, w.market.market, outcome.name, offer.attempt)
        order = new_order(
            name, w.market.market, outcome, Side.SELL, 0, offer.attempt, course.SALE_PRICE, offer.shares, now
        )
        ledger, tell = self._trader.ledger, self._trader.tell
        refusal = ledger.reserve(order, w.market, now, purpose="exit")
        if refusal is not None:
            tell.order(w, order, "refused", refusal, now)
            w.leaving, _ = course.failed(w.leaving, now.timestamp())
            return
        ledger.accept(name)
        tell.order(w, order, "reserved", offer.reason.value, now)
        self._match(w, order, now)
        if ledger.cancel(name):
            tell.order(w, ledger.orders[name], "cancelled", "KILLED", now)

    def _match(self, w: Watched, order: Order, now: datetime) -> None:
        paper = PaperOrder(
            order.order_id,
            order.market,
            order.token,
            order.price,
            order.shares,
            w.market.end,
            side=Side.SELL,
            time_in_force=TimeInForce.FAK,
        )
        got = match_at_once(paper, w.books[order.token].paper_top(), now)
        if got is None or not self._book(w, paper, got, now):
            w.leaving, _ = course.failed(w.leaving, now.timestamp())
        else:
            w.leaving = course.sold(w.leaving, now.timestamp())

    def _book(self, w: Watched, paper: PaperOrder, got: Match, now: datetime) -> bool:
        trader = self._trader
        fee = taker_fee(got.shares, got.price, w.market.taker_fee_rate)
        booked = trader.ledger.sell(paper.next_trade(), paper.order_id, got.price, got.shares, fee, now)
        if isinstance(booked, str):
            return False
        order = trader.ledger.orders[paper.order_id]
        fair = self._terms.fair_value(w, order.outcome, now)
        trader.tell.fill(w, order, got.price, got.shares, fee, "taker", fair, now)
        trader.tell.settled(w, booked, now)
        trader.learn_position(w, paper.token)
        if trader.ledger.positions[paper.token].is_sold_out:
            trader.hear_sold_out(w, paper.token, now)
        return True
