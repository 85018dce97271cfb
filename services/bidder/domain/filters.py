"""The entry filters (strategy section 3), one pure function each, in their order.

A filter says why there is no entry now, or None. The chain stops at the first refusal.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from services.bidder.domain.ladder import Rung, next_rung
from services.bidder.domain.market_state import MarketState
from services.bidder.domain.reasons import Reason
from services.bidder.domain.rules import Account, Rules
from services.bidder.domain.sizing import entry_shares, refuse_size
from shared.domain.book import Level
from shared.domain.market import Market, Outcome
from shared.domain.money import Price, Shares


@dataclass(frozen=True, slots=True)
class Candidate:
    """One outcome at one instant: what every filter looks at.

    `bid` is net of our own orders; `rung` is None once all are filled.
    """

    state: MarketState
    outcome: Outcome
    account: Account
    rules: Rules
    now: datetime
    bid: Level | None
    rung: Rung | None

    @property
    def price(self) -> Price | None:
        """To be paid: the rung's, or the bid itself in single-order mode."""
        if self.state.ladder:
            return None if self.rung is None else self.state.ladder[self.rung.index]
        return None if self.bid is None else self.bid.price

    def shares(self, price: Price) -> Shares:
        unfilled = None if self.rung is None else self.rung.unfilled()
        market = self.state.market
        return entry_shares(self.rules.order_size, price, unfilled, market.min_shares, self.rules.min_size_policy)


def candidate(state: MarketState, outcome: Outcome, account: Account, rules: Rules, now: datetime) -> Candidate:
    orders = state.entries(rules.strategy_tag, outcome.name) if state.orders else ()
    rung = next_rung(orders, len(state.ladder) or 1, state.market.min_shares)
    return Candidate(state, outcome, account, rules, now, state.best_bid(outcome, rules), rung)


def refuse_closed(c: Candidate) -> Reason | None:
    """Filter 0: do we trade, and does the market?"""
    market = c.state.market
    if c.account.trading_state != "active":
        return Reason.HALTED
    if not market.accepting_orders or market.has_ended(c.now):
        return Reason.MARKET_CLOSED
    if not market.has_started(c.now):
        return Reason.TOO_EARLY
    return None


def refuse_flagged(c: Candidate) -> Reason | None:
    """Filter 0: what forbids entries in this market."""
    flags = c.state.flags
    if flags.awaiting_settlement:
        return Reason.AWAITING_SETTLEMENT
    if flags.exited:
        return Reason.EXITED
    return Reason.UNMATCHED_FILL if flags.unmatched_fill or c.state.refused_fills else None


def refuse_stale_book(c: Candidate) -> Reason | None:
    """Filter 0: unknown, or no sign of it for too long."""
    quote = c.state.quotes.get(c.outcome.token)
    if quote is None or not quote.known or quote.age_seconds(c.now) > c.rules.book_stale_seconds:
        return Reason.STALE_BOOK
    return None


def refuse_bid_out_of_range(c: Candidate) -> Reason | None:
    """Filter 1; both ends belong to the range."""
    if c.bid is None:
        return Reason.NO_BID
    return None if c.rules.target_bid <= c.bid.price <= c.rules.max_bid else Reason.BID_OUT_OF_RANGE


def refuse_ladder_complete(c: Candidate) -> Reason | None:
    """The part of filter 8 that is asked before any filter that needs a rung's price."""
    return Reason.LADDER_COMPLETE if c.rung is None else None


def refuse_entry_time(c: Candidate) -> Reason | None:
    return entry_time_reason(c.state.market, c.rules, c.now)


def entry_time_reason(market: Market, rules: Rules, now: datetime) -> Reason | None:
    """Filter 4; both ends belong to the window."""
    minutes = market.minutes_into(now)
    if minutes < rules.min_entry_minutes:
        return Reason.TOO_EARLY
    return Reason.TOO_LATE if 0 < rules.max_entry_minutes < minutes else None


def refuse_second_order(c: Candidate) -> Reason | None:
    """Filter 8: one side, one order at a time, each rung once."""
    if c.state.flags.both_sides or c.state.is_held(c.state.market.other(c.outcome.name).token):
        return Reason.OTHER_SIDE_HELD
    if c.rung is None:
        return Reason.LADDER_COMPLETE
    if c.state.is_working(c.outcome.name):
        return Reason.ALREADY_WORKING
    return Reason.RUNG_TAKEN if c.state.has_intent(c.outcome.name, c.rung.index) else None


def refuse_crossing(c: Candidate) -> Reason | None:
    """Filter 9: post-only. Without an ask nothing is crossed."""
    ask, price = c.state.best_ask(c.outcome), c.price
    return Reason.WOULD_CROSS if ask is not None and price is not None and price >= ask.price else None


def refuse_during_cancel(c: Candidate) -> Reason | None:
    """Filter 10."""
    return Reason.CANCEL_IN_FLIGHT if c.state.has_cancel_in_flight() else None


def refuse_size_or_headroom(c: Candidate) -> Reason | None:
    """Filter 11."""
    if c.price is None:
        return Reason.NO_BID
    return refuse_size(c.shares(c.price), c.price, c.state.market.min_shares, c.account.headroom)


Filter = Callable[[Candidate], Reason | None]
CHAIN: tuple[Filter, ...] = (
    refuse_closed,
    refuse_flagged,
    refuse_stale_book,
    refuse_bid_out_of_range,
    refuse_ladder_complete,
    refuse_entry_time,
    refuse_second_order,
    refuse_crossing,
    refuse_during_cancel,
    refuse_size_or_headroom,
)


def first_refusal(c: Candidate) -> Reason | None:
    for refuse in CHAIN:
        reason = refuse(c)
        if reason is not None:
            return reason
    return None
