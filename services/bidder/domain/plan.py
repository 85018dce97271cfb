"""What to do about a market: the same answer after a crash as before, since it is made from what is, not from what
happened (strategy sections 3 and 4)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from services.bidder.domain.filters import candidate, entry_time_reason, first_refusal
from services.bidder.domain.market_state import MarketState
from services.bidder.domain.reasons import Reason
from services.bidder.domain.rules import Account, Rules
from shared.domain.ids import OrderId
from shared.domain.market import Outcome
from shared.domain.money import Price, Shares
from shared.domain.order import RESTING, Order


@dataclass(frozen=True, slots=True)
class Place:
    """Buy `shares` at `price` as the rung's next order; `attempt` = how many orders of the rung there are."""

    outcome: Outcome
    rung: int
    attempt: int
    price: Price
    shares: Shares


@dataclass(frozen=True, slots=True)
class Cancel:
    outcome: Outcome
    order_id: OrderId
    reason: Reason
    price: Price


@dataclass(frozen=True, slots=True)
class NoEntry:
    outcome: Outcome
    reason: Reason
    price: Price | None


Decision = Place | Cancel | NoEntry


def decide(state: MarketState, account: Account, rules: Rules, now: datetime) -> tuple[Decision, ...]:
    """Cancels of what should rest no longer, and for each outcome an entry or why there is none."""
    cancels = tuple(_cancels(state, rules, now))
    entries = (
        _entry(state, outcome, account, rules, now)
        for outcome in state.market.outcomes
        if not any(cancel.outcome == outcome for cancel in cancels)
    )
    return (*cancels, *entries)


def _cancels(state: MarketState, rules: Rules, now: datetime) -> Iterator[Cancel]:
    if not state.orders:
        return
    for outcome in state.market.outcomes:
        for order in state.entries(rules.strategy_tag, outcome.name):
            reason = cancel_reason(state, outcome, order, rules, now)
            if reason is not None:
                yield Cancel(outcome, order.order_id, reason, order.price)


def cancel_reason(state: MarketState, outcome: Outcome, order: Order, rules: Rules, now: datetime) -> Reason | None:
    """Why a resting entry goes: filters 1 to 5 stopped holding, their data went missing, or the slot is over."""
    if order.status not in RESTING or order.order_id in state.cancels:
        return None
    if state.market.has_ended(now):
        return Reason.MARKET_CLOSED
    return _bid_reason(state, outcome, rules) or entry_time_reason(state.market, rules, now)


def _bid_reason(state: MarketState, outcome: Outcome, rules: Rules) -> Reason | None:
    """A rung also rests while the bid is above the range; a single order does not."""
    quote = state.quotes.get(outcome.token)
    if quote is None or state.is_bid_hidden(outcome, rules):
        return None
    if not quote.known:
        return Reason.STALE_BOOK
    bid = state.best_bid(outcome, rules)
    if bid is None:
        return Reason.NO_BID
    is_above = bid.price > rules.max_bid and not state.ladder
    return Reason.BID_OUT_OF_RANGE if bid.price < rules.target_bid or is_above else None


def _entry(state: MarketState, outcome: Outcome, account: Account, rules: Rules, now: datetime) -> Place | NoEntry:
    found = candidate(state, outcome, account, rules, now)
    reason = first_refusal(found)
    price, rung = found.price, found.rung
    if reason is not None or price is None or rung is None:
        return NoEntry(outcome, reason or Reason.NO_BID, price)
    return Place(outcome, rung.index, rung.attempt, price, found.shares(price))
