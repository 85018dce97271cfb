"""The entry filters (strategy section 3) in their order, each a pure function with the words that explain it.

A filter says why there is no entry now, or None. A chain stops at the first refusal. What trades and what explains run
the same functions on the same candidate.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal

from services.bidder.domain import words
from services.bidder.domain.candidate import Candidate
from services.bidder.domain.reasons import Reason
from shared.domain.money import ONE
from shared.domain.verdict import Verdict

EDGE_FIRST_MINUTE, EDGE_LAST_MINUTE = Decimal(1), Decimal(12)
EDGE_DECAY = Decimal(2)


# filter 0: do we trade, does the market, and do we see it?


def refuse_closed(c: Candidate) -> Reason | None:
    market = c.state.market
    if c.account.trading_state != "active":
        return Reason.HALTED
    if not market.accepting_orders or market.has_ended(c.now):
        return Reason.MARKET_CLOSED
    if not market.has_started(c.now):
        return Reason.TOO_EARLY
    return None


def refuse_flagged(c: Candidate) -> Reason | None:
    flags = c.state.flags
    if flags.awaiting_settlement:
        return Reason.AWAITING_SETTLEMENT
    if flags.exited:
        return Reason.EXITED
    return Reason.UNMATCHED_FILL if flags.unmatched_fill or c.state.refused_fills else None


def refuse_stale_book(c: Candidate) -> Reason | None:
    """Unknown, crossed, or no sign of it for too long."""
    quote = c.state.quotes.get(c.outcome.token)
    if quote is None or not quote.known or quote.age_seconds(c.now) > c.rules.stale_seconds:
        return Reason.STALE_BOOK
    return Reason.STALE_BOOK if quote.is_crossed else None


# filters 1 to 5: what also lets an order rest


def refuse_bid_out_of_range(c: Candidate) -> Reason | None:
    """Filter 1; both ends belong to the range."""
    if c.bid is None:
        return Reason.NO_BID
    price = c.bid.price.value
    return None if c.rules.target_bid.value <= price <= c.rules.max_bid.value else Reason.BID_OUT_OF_RANGE


def refuse_ladder_complete(c: Candidate) -> Reason | None:
    """The part of filter 8 that is asked before any filter that needs a rung's price."""
    return Reason.LADDER_COMPLETE if c.rung is None else None


def refuse_small_move(c: Candidate) -> Reason | None:
    """Filter 2: dearer entries need proportionally more proof. A price that cannot be one is refused also while the
    filter is off."""
    if not c.rules.min_move_pct:
        return Reason.NO_REFERENCE_PRICE if _is_impossible(c) else None
    move = c.move_pct()
    if move is None:
        return Reason.NO_REFERENCE_PRICE
    if c.price is None:
        return Reason.NO_ASK if c.takes else Reason.NO_BID
    required = required_move_pct(c)
    return None if required is not None and move >= required else Reason.INSUFFICIENT_MOVE


def _is_impossible(c: Candidate) -> bool:
    strike, spot = c.state.strike, c.state.spot
    return (strike is not None and strike.price <= 0) or (spot is not None and spot.price <= 0)


def required_move_pct(c: Candidate) -> Decimal | None:
    """None at a price of 1: no move is proof enough."""
    price = c.price
    if price is None or price.value >= ONE:
        return None
    return c.rules.min_move_pct * _odds(price.value) / _odds(c.rules.target_bid.value)


def _odds(probability: Decimal) -> Decimal:
    return probability / (1 - probability)


def refuse_great_move(c: Candidate) -> Reason | None:
    """Filter 3."""
    if not c.rules.max_move_pct:
        return None
    move = c.move_pct()
    if move is None:
        return Reason.NO_REFERENCE_PRICE
    return Reason.EXCESSIVE_MOVE if move > c.rules.max_move_pct else None


def refuse_entry_time(c: Candidate) -> Reason | None:
    """Filter 4; both ends belong to the window."""
    if c.minutes < c.rules.min_entry_minutes:
        return Reason.TOO_EARLY
    return Reason.TOO_LATE if 0 < c.rules.max_entry_minutes < c.minutes else None


def refuse_above_fair_value(c: Candidate) -> Reason | None:
    """Filter 5."""
    if not c.rules.entry_fair_margin:
        return None
    fair = c.fair_value()
    if fair is None:
        return Reason.NO_REFERENCE_PRICE
    if c.price is None:
        return Reason.NO_ASK if c.takes else Reason.NO_BID
    return Reason.ABOVE_FAIR_VALUE if c.price.value > fair + c.rules.entry_fair_margin else None


def refuse_by_model(c: Candidate) -> Reason | None:
    """In place of filters 2 to 5 (strategy section 6)."""
    return _refuse_edge(c) if c.judge.is_dynamic else _refuse_unlikely(c)


def _refuse_unlikely(c: Candidate) -> Reason | None:
    p_win = c.model_p_win()
    if p_win is None:
        return Reason.NO_REFERENCE_PRICE
    return Reason.MODEL_SKIP if p_win < c.rules.hybrid_skip_below else None


def _refuse_edge(c: Candidate) -> Reason | None:
    if c.minutes < EDGE_FIRST_MINUTE:
        return Reason.TOO_EARLY
    if c.minutes > EDGE_LAST_MINUTE:
        return Reason.TOO_LATE
    p_win = c.model_p_win()
    if p_win is None:
        return Reason.NO_REFERENCE_PRICE
    if c.price is None:
        return Reason.NO_ASK if c.takes else Reason.NO_BID
    return Reason.EDGE_TOO_SMALL if p_win - c.price.value < required_edge(c) else None


def required_edge(c: Candidate) -> Decimal:
    """`min_edge` x k, k falling from 3 at minute 1 to 1 at minute 12."""
    if c.rules.no_edge_decay:
        return c.rules.min_edge
    left = (EDGE_LAST_MINUTE - c.minutes) / (EDGE_LAST_MINUTE - EDGE_FIRST_MINUTE)
    return c.rules.min_edge * (1 + EDGE_DECAY * left)


# filters 6 to 11: what only a new order is asked


def refuse_thin_book(c: Candidate) -> Reason | None:
    """Filter 6. A size that nobody told is none."""
    if not c.rules.min_book_depth:
        return None
    return None if c.bid is not None and c.bid.shares >= c.rules.min_book_depth else Reason.THIN_BOOK


def refuse_avoided_hour(c: Candidate) -> Reason | None:
    """Filter 7."""
    return Reason.AVOIDED_HOUR if c.utc_hour in c.rules.avoid_hours_utc else None


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
    """Filter 9: post-only never crosses, and without an ask crosses nothing; a taker needs one above the bid. Nobody
    may trade with himself, whatever the book shows."""
    if c.price is not None and c.state.meets_own(c.outcome.name, c.price):
        return Reason.SELF_CROSSING
    if c.takes:
        return _refuse_taking(c)
    ask, price = c.state.best_ask(c.outcome), c.price
    return Reason.WOULD_CROSS if ask is not None and price is not None and price >= ask.price else None


def _refuse_taking(c: Candidate) -> Reason | None:
    if c.ask is None:
        return Reason.NO_ASK
    return Reason.STALE_BOOK if c.bid is not None and c.bid.price >= c.ask.price else None


def refuse_during_cancel(c: Candidate) -> Reason | None:
    """Filter 10."""
    return Reason.CANCEL_IN_FLIGHT if c.state.has_cancel_in_flight() else None


def refuse_headroom(c: Candidate) -> Reason | None:
    """Filter 11."""
    if c.price is None:
        return Reason.NO_BID
    return Reason.NO_HEADROOM if c.dollars(c.price) > c.account.headroom else None


def refuse_small_order(c: Candidate) -> Reason | None:
    """Filter 11: nothing is never bought, even where the venue has no minimum."""
    if c.price is None:
        return Reason.NO_BID
    shares = c.shares(c.price)
    return Reason.BELOW_MINIMUM if shares < c.state.market.min_shares or not shares else None


# what is asked of an order that rests


def refuse_ended(c: Candidate) -> Reason | None:
    return Reason.MARKET_CLOSED if c.state.market.has_ended(c.now) else None


def refuse_bid_left(c: Candidate) -> Reason | None:
    """A rung also rests while the bid is above the range; a single order does not. Until a book was heard of, and while
    all that is told of it is ours, the order stays."""
    quote = c.state.quotes.get(c.outcome.token)
    if quote is None or c.state.is_bid_hidden(c.outcome, c.rules):
        return None
    if not quote.known:
        return Reason.STALE_BOOK
    if c.bid is None:
        return Reason.NO_BID
    is_above = c.bid.price > c.rules.max_bid and not c.state.ladder
    return Reason.BID_OUT_OF_RANGE if c.bid.price < c.rules.target_bid or is_above else None


@dataclass(frozen=True, slots=True)
class Filter:
    """`words` gives value and limit."""

    name: str
    refuse: Callable[[Candidate], Reason | None]
    words: Callable[[Candidate], tuple[str, str]]

    def verdict(self, c: Candidate) -> Verdict:
        value, limit = self.words(c)
        return Verdict(self.name, value, limit, self.refuse(c) is None)


Chain = tuple[Filter, ...]


def _required(c: Candidate) -> tuple[str, str]:
    return words.move(c), words.at_least_pct(c.rules.min_move_pct, required_move_pct(c))


def _model(c: Candidate) -> tuple[str, str]:
    return words.edge(c, required_edge(c)) if c.judge.is_dynamic else words.likelihood(c)


BY_RULES: Chain = (
    Filter("least move", refuse_small_move, _required),
    Filter("greatest move", refuse_great_move, words.greatest_move),
    Filter("entry time", refuse_entry_time, words.entry_time),
    Filter("fair value", refuse_above_fair_value, words.fair_value),
)
BY_MODEL: Chain = (Filter("model", refuse_by_model, _model),)
BEFORE: Chain = (
    Filter("trading", refuse_closed, words.trading),
    Filter("market flags", refuse_flagged, words.flags),
    Filter("book age", refuse_stale_book, words.book_age),
    Filter("bid in range", refuse_bid_out_of_range, words.bid_range),
    Filter("ladder", refuse_ladder_complete, words.ladder),
)
BEHIND: Chain = (
    Filter("book depth", refuse_thin_book, words.depth),
    Filter("hour", refuse_avoided_hour, words.hour),
    Filter("one order", refuse_second_order, words.one_order),
    Filter("crossing", refuse_crossing, words.crossing),
    Filter("cancel in flight", refuse_during_cancel, words.cancels),
    Filter("headroom", refuse_headroom, words.headroom),
    Filter("minimum size", refuse_small_order, words.minimum),
)
RESTING: Chain = (
    Filter("slot end", refuse_ended, words.slot_end),
    Filter("bid in range", refuse_bid_left, words.resting_range),
)
ENTRY_BY_RULES, ENTRY_BY_MODEL = BEFORE + BY_RULES + BEHIND, BEFORE + BY_MODEL + BEHIND
RESTING_BY_RULES, RESTING_BY_MODEL = RESTING + BY_RULES, RESTING + BY_MODEL


def chain_of(c: Candidate) -> Chain:
    if c.resting is not None:
        return RESTING_BY_RULES if c.judge.model_p_up is None else RESTING_BY_MODEL
    return ENTRY_BY_RULES if c.judge.model_p_up is None else ENTRY_BY_MODEL


def first_refusal(c: Candidate) -> Reason | None:
    for each in chain_of(c):
        reason = each.refuse(c)
        if reason is not None:
            return reason
    return None


def verdicts(c: Candidate) -> tuple[Verdict, ...]:
    """Of every filter up to and including the first that refuses."""
    found: list[Verdict] = []
    for each in chain_of(c):
        found.append(each.verdict(c))
        if not found[-1].passed:
            break
    return tuple(found)
