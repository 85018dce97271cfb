"""What to do about a market: the same answer after a crash as before, since it is made from what is, not from what
happened (strategy sections 3 and 4)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime

from services.bidder.domain.candidate import Candidate, candidate, resting
from services.bidder.domain.filters import first_refusal, verdicts
from services.bidder.domain.judge import Judge
from services.bidder.domain.market_state import MarketState
from services.bidder.domain.reasons import Reason
from services.bidder.domain.rules import Account
from shared.domain.ids import OrderId
from shared.domain.market import Outcome
from shared.domain.money import Price, Shares
from shared.domain.order import RESTING, Order
from shared.domain.verdict import Verdict


@dataclass(frozen=True, slots=True)
class Place:
    """Buy `shares` at `price` as the rung's next order; `attempt` = how many orders of the rung there are. One that
    `takes` is fill-or-kill at the ask, else it rests, post-only."""

    outcome: Outcome
    rung: int
    attempt: int
    price: Price
    shares: Shares
    takes: bool = False
    looked_at: Candidate | None = field(default=None, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Cancel:
    outcome: Outcome
    order_id: OrderId
    reason: Reason
    price: Price
    looked_at: Candidate | None = field(default=None, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class NoEntry:
    outcome: Outcome
    reason: Reason
    price: Price | None
    looked_at: Candidate | None = field(default=None, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Keep:
    """The order is left alone."""

    outcome: Outcome
    order_id: OrderId
    price: Price


Decision = Place | Cancel | NoEntry


def decide(state: MarketState, account: Account, judge: Judge, now: datetime) -> tuple[Decision, ...]:
    """Cancels of what should rest no longer, and for each outcome an entry or why there is none."""
    cancels = tuple(_cancels(state, account, judge, now)) if state.orders else ()
    entries = (
        entry(candidate(state, outcome, account, judge, now))
        for outcome in state.market.outcomes
        if not any(cancel.outcome == outcome for cancel in cancels)
    )
    return (*cancels, *entries)


def explain_entry(
    state: MarketState, outcome: Outcome, account: Account, judge: Judge, now: datetime
) -> tuple[Place | NoEntry, tuple[Verdict, ...]]:
    """What `decide` says of a new entry of the outcome, with every filter up to the first that refuses."""
    looked_at = candidate(state, outcome, account, judge, now)
    return entry(looked_at), verdicts(looked_at)


def explain_resting(
    state: MarketState, outcome: Outcome, order: Order, account: Account, judge: Judge, now: datetime
) -> tuple[Keep | Cancel, tuple[Verdict, ...]]:
    """The same of an order that rests, or is taken to. One that is leaving already, or never rested, is kept without a
    look: there is nothing to cancel."""
    if not _may_go(state, order):
        return Keep(outcome, order.order_id, order.price), ()
    looked_at = resting(state, outcome, order, account, judge, now)
    cancel = _cancel(looked_at, order)
    return cancel or Keep(outcome, order.order_id, order.price), verdicts(looked_at)


def entry(looked_at: Candidate) -> Place | NoEntry:
    reason, outcome = first_refusal(looked_at), looked_at.outcome
    if reason is not None:
        return NoEntry(outcome, reason, looked_at.price_as_far_as_asked, looked_at)
    price, rung = looked_at.price, looked_at.rung
    if price is None or rung is None:
        return NoEntry(outcome, Reason.NO_BID, price, looked_at)
    shares = looked_at.shares(price)
    return Place(outcome, rung.index, rung.attempt, price, shares, looked_at.takes, looked_at)


def _cancels(state: MarketState, account: Account, judge: Judge, now: datetime) -> Iterator[Cancel]:
    for outcome in state.market.outcomes:
        for order in state.entries(judge.rules.strategy_tag, outcome.name):
            if not _may_go(state, order):
                continue
            cancel = _cancel(resting(state, outcome, order, account, judge, now), order)
            if cancel is not None:
                yield cancel


def _may_go(state: MarketState, order: Order) -> bool:
    return order.status in RESTING and order.order_id not in state.cancels


def _cancel(looked_at: Candidate, order: Order) -> Cancel | None:
    """Filters 1 to 5 stopped holding, their data went missing, or the slot is over."""
    reason = first_refusal(looked_at)
    return None if reason is None else Cancel(looked_at.outcome, order.order_id, reason, order.price, looked_at)
