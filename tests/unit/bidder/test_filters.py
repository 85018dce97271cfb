"""Each entry filter alone, on both sides of its limit."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal

import pytest

from services.bidder.domain import filters
from services.bidder.domain.market_state import Flags, Intent, MarketState
from services.bidder.domain.reasons import Reason
from services.bidder.domain.rules import Account
from shared.domain.money import Cash, Price, Shares
from shared.domain.order import OrderStatus
from shared.domain.verdict import Verdict
from tests.unit.bidder.cases import (
    ACCOUNT,
    DOWN,
    LADDER_RULES,
    MARKET,
    NOW,
    RULES,
    START,
    UP,
    holding,
    level,
    look,
    order,
    quote,
    state,
)


def test_everything_at_its_ordinary_value_is_an_entry() -> None:
    assert filters.first_refusal(look(state())) is None


@pytest.mark.parametrize("trading_state", ["reducing", "halted"])
def test_only_an_active_account_enters(trading_state: str) -> None:
    account = replace(ACCOUNT, trading_state=trading_state)
    assert filters.refuse_closed(look(state(), account=account)) is Reason.HALTED


def test_a_market_that_takes_no_orders_is_closed() -> None:
    closed = state().with_market(replace(MARKET, accepting_orders=False), 1)
    assert filters.refuse_closed(look(closed)) is Reason.MARKET_CLOSED


@pytest.mark.parametrize(
    ("now", "reason"),
    [
        (START - timedelta(milliseconds=1), Reason.TOO_EARLY),
        (START, None),
        (MARKET.end - timedelta(milliseconds=1), None),
        (MARKET.end, Reason.MARKET_CLOSED),
    ],
    ids=["just before the start", "at the start", "just before the end", "at the end"],
)
def test_a_slot_takes_entries_from_its_start_until_before_its_end(now: datetime, reason: Reason | None) -> None:
    assert filters.refuse_closed(look(state(), now=now)) is reason


@pytest.mark.parametrize(
    ("flags", "reason"),
    [
        (Flags(), None),
        (Flags(awaiting_settlement=True), Reason.AWAITING_SETTLEMENT),
        (Flags(exited=True), Reason.EXITED),
        (Flags(unmatched_fill=True), Reason.UNMATCHED_FILL),
    ],
    ids=["none", "awaiting settlement", "left early", "unmatched fill"],
)
def test_a_flagged_market_takes_no_entry(flags: Flags, reason: Reason | None) -> None:
    assert filters.refuse_flagged(look(replace(state(), flags=flags))) is reason


@pytest.mark.parametrize(
    ("age_seconds", "reason"), [(30.0, None), (30.001, Reason.STALE_BOOK)], ids=["at the limit", "beyond it"]
)
def test_a_book_older_than_the_limit_is_stale(age_seconds: float, reason: Reason | None) -> None:
    seen = state().with_quote(quote(UP, "0.80", seen_at=NOW - timedelta(seconds=age_seconds)))
    assert filters.refuse_stale_book(look(seen)) is reason


def test_a_book_that_is_unknown_or_was_never_seen_is_stale() -> None:
    assert filters.refuse_stale_book(look(state().with_quote(quote(UP, "0.80", known=False)))) is Reason.STALE_BOOK
    assert filters.refuse_stale_book(look(MarketState(MARKET))) is Reason.STALE_BOOK


@pytest.mark.parametrize(
    ("bid", "reason"),
    [
        ("0.74", Reason.BID_OUT_OF_RANGE),
        ("0.75", None),
        ("0.85", None),
        ("0.86", Reason.BID_OUT_OF_RANGE),
    ],
    ids=["below the range", "its lower end", "its upper end", "above the range"],
)
def test_the_bid_range_includes_both_its_ends(bid: str, reason: Reason | None) -> None:
    assert filters.refuse_bid_out_of_range(look(state(bids=(bid,)))) is reason


def test_an_empty_side_is_no_bid() -> None:
    assert filters.refuse_bid_out_of_range(look(state(bids=()))) is Reason.NO_BID


def test_our_own_bid_is_no_evidence_for_a_bid() -> None:
    ours_alone = state(order(price="0.80", shares="50"), bids=("0.80", "0.74"))
    assert filters.refuse_bid_out_of_range(look(ours_alone)) is Reason.BID_OUT_OF_RANGE


def test_in_paper_our_orders_are_on_nobodys_book() -> None:
    paper = replace(RULES, books_show_own_orders=False)
    ours = state(order(price="0.80", shares="50"), bids=("0.80", "0.74"))
    assert filters.refuse_bid_out_of_range(look(ours, rules=paper)) is None


@pytest.mark.parametrize(
    ("minute", "reason"),
    [
        (Decimal("9.99"), Reason.TOO_EARLY),
        (Decimal(10), None),
        (Decimal(12), None),
        (Decimal("12.01"), Reason.TOO_LATE),
    ],
    ids=["before the gate", "at its opening", "at its closing", "after it"],
)
def test_the_time_gate_includes_both_its_ends(minute: Decimal, reason: Reason | None) -> None:
    rules = replace(RULES, min_entry_minutes=Decimal(10), max_entry_minutes=Decimal(12))
    now = START + timedelta(minutes=float(minute))
    assert filters.refuse_entry_time(look(state(), rules=rules, now=now)) is reason


def test_a_time_gate_of_nothing_is_always_open() -> None:
    assert filters.refuse_entry_time(look(state(), now=MARKET.end - timedelta(seconds=1))) is None


def test_a_market_held_on_one_side_takes_no_entry_on_the_other() -> None:
    held = state().with_holding(holding(DOWN))
    assert filters.refuse_second_order(look(held)) is Reason.OTHER_SIDE_HELD
    assert filters.refuse_second_order(look(state().with_holding(holding(UP)))) is None


def test_a_fill_holds_its_side_before_the_position_is_known() -> None:
    filled = state(order(DOWN, filled="10", status="filled"))
    assert filters.refuse_second_order(look(filled)) is Reason.OTHER_SIDE_HELD


def test_a_market_held_on_both_sides_takes_no_further_entry() -> None:
    both = replace(state(), flags=Flags(both_sides=True))
    assert filters.refuse_second_order(look(both)) is Reason.OTHER_SIDE_HELD


@pytest.mark.parametrize("status", ["submitting", "uncertain", "live", "partly_filled"])
def test_one_order_works_at_a_time(status: str) -> None:
    assert filters.refuse_second_order(look(state(order(status=status)))) is Reason.ALREADY_WORKING


@pytest.mark.parametrize("status", ["cancelled", "rejected", "expired"])
def test_an_order_that_never_filled_and_is_gone_frees_its_rung(status: str) -> None:
    assert filters.refuse_second_order(look(state(order(status=status)))) is None


def test_a_filled_order_ends_a_single_order_market() -> None:
    assert filters.refuse_ladder_complete(look(state(order(filled="10", status="filled")))) is Reason.LADDER_COMPLETE


def test_a_rest_below_the_minimum_holds_up_no_further_rung() -> None:
    """4.99 of 10 shares remain: less than the venue takes."""
    rest = state(order(filled="5.01", status="partly_filled"), rules=LADDER_RULES)
    assert filters.refuse_second_order(look(rest, rules=LADDER_RULES)) is None
    enough = state(order(filled="5", status="partly_filled"), rules=LADDER_RULES)
    assert filters.refuse_second_order(look(enough, rules=LADDER_RULES)) is Reason.ALREADY_WORKING


def test_a_rung_asked_for_is_not_asked_for_again() -> None:
    asked = state().with_intent(Intent(order(), NOW))
    assert isinstance(asked, MarketState)
    assert filters.refuse_second_order(look(asked)) is Reason.RUNG_TAKEN
    assert filters.refuse_second_order(look(asked.without_expired(NOW))) is None


@pytest.mark.parametrize(
    ("theirs", "reason"),
    [("0.19", None), ("0.20", Reason.SELF_CROSSING), ("0.21", Reason.SELF_CROSSING)],
    ids=["less than a set", "a whole set", "more"],
)
def test_an_entry_never_meets_our_own_on_the_other_outcome(theirs: str, reason: Reason | None) -> None:
    assert filters.refuse_crossing(look(state(order(DOWN, price=theirs)))) is reason


def test_an_entry_that_is_over_is_met_by_nobody() -> None:
    over = order(DOWN, price="0.80", status="cancelled")
    assert filters.refuse_crossing(look(state(over))) is None


@pytest.mark.parametrize(
    ("ask", "reason"), [("0.81", None), ("0.80", Reason.WOULD_CROSS)], ids=["a tick above", "at our price"]
)
def test_a_post_only_entry_never_reaches_the_ask(ask: str, reason: Reason | None) -> None:
    assert filters.refuse_crossing(look(state(ask=ask))) is reason


def test_without_an_ask_nothing_is_crossed() -> None:
    assert filters.refuse_crossing(look(state().with_quote(quote(UP, "0.80")))) is None


@pytest.mark.parametrize("outcome", [UP, DOWN])
def test_a_cancel_anywhere_in_the_market_holds_up_entries(outcome: object) -> None:
    leaving = order(UP if outcome is UP else DOWN, status="cancelling")
    assert filters.refuse_during_cancel(look(state(leaving))) is Reason.CANCEL_IN_FLIGHT
    gone = replace(leaving, status=OrderStatus.CANCELLED, version=2)
    assert filters.refuse_during_cancel(look(state(leaving, gone))) is None


@pytest.mark.parametrize(
    ("headroom", "reason"), [("8", None), ("7.99", Reason.NO_HEADROOM)], ids=["just enough", "a cent short"]
)
def test_an_order_fits_the_headroom(headroom: str, reason: Reason | None) -> None:
    account = Account("active", Cash.of(headroom))
    assert filters.refuse_headroom(look(state(), account=account)) is reason


@pytest.mark.parametrize(
    ("size", "reason"), [("4", None), ("3.99", Reason.BELOW_MINIMUM)], ids=["five shares", "a hundredth less"]
)
def test_an_order_has_the_venues_minimum(size: str, reason: Reason | None) -> None:
    rules = replace(RULES, order_size=Cash.of(size))
    assert filters.refuse_small_order(look(state(), rules=rules)) is reason


def test_a_small_order_is_raised_to_the_minimum_where_headroom_allows() -> None:
    rules = replace(RULES, order_size=Cash.of(1), min_size_policy="raise")
    assert filters.first_refusal(look(state(), rules=rules)) is None
    poor = Account("active", Cash.of("3.99"))
    assert filters.first_refusal(look(state(), rules=rules, account=poor)) is Reason.NO_HEADROOM


def test_a_complete_ladder_says_so_before_any_filter_that_needs_a_price() -> None:
    rules = replace(RULES, max_entry_minutes=Decimal(1))
    full = state(order(filled="10", status="filled"))
    assert filters.first_refusal(look(full, rules=rules)) is Reason.LADDER_COMPLETE


def test_the_first_filter_that_refuses_names_the_reason() -> None:
    everything = replace(state(order(status="cancelling"), bids=("0.10",)), flags=Flags(exited=True))
    assert filters.first_refusal(look(everything)) is Reason.EXITED
    assert filters.first_refusal(look(replace(everything, flags=Flags()))) is Reason.BID_OUT_OF_RANGE


@pytest.mark.parametrize(
    ("bid", "ask", "reason"), [("0.80", "0.80", None), ("0.81", "0.80", Reason.STALE_BOOK)], ids=["locked", "crossed"]
)
def test_a_crossed_book_is_no_book(bid: str, ask: str, reason: Reason | None) -> None:
    assert filters.refuse_stale_book(look(state(bids=(bid,), ask=ask))) is reason


def test_a_locked_book_takes_no_post_only_entry() -> None:
    assert filters.first_refusal(look(state(ask="0.80"))) is Reason.WOULD_CROSS


@pytest.mark.parametrize("bid", ["0", "1"])
def test_a_bid_of_nothing_or_of_a_dollar_is_never_traded(bid: str) -> None:
    of = state().with_quote(quote(UP, bid))
    assert filters.first_refusal(look(of)) is Reason.BID_OUT_OF_RANGE


def test_of_several_reasons_the_filters_order_decides() -> None:
    closed = state().with_market(replace(MARKET, accepting_orders=False), 1)
    early = START - timedelta(seconds=1)
    halted = replace(ACCOUNT, trading_state="halted")
    assert filters.first_refusal(look(closed, account=halted, now=early)) is Reason.HALTED
    assert filters.first_refusal(look(closed, now=early)) is Reason.MARKET_CLOSED
    flags = Flags(exited=True, awaiting_settlement=True, unmatched_fill=True)
    flagged = replace(MarketState(MARKET), flags=flags)
    assert filters.first_refusal(look(flagged, now=early)) is Reason.TOO_EARLY
    assert filters.first_refusal(look(flagged)) is Reason.AWAITING_SETTLEMENT
    assert (
        filters.first_refusal(look(replace(flagged, flags=replace(flags, awaiting_settlement=False)))) is Reason.EXITED
    )
    unmatched = replace(flagged, flags=Flags(unmatched_fill=True))
    assert filters.first_refusal(look(unmatched)) is Reason.UNMATCHED_FILL


@pytest.mark.parametrize(("least", "reason"), [("50", None), ("50.01", Reason.THIN_BOOK)])
def test_the_bid_has_the_size_that_is_asked(least: str, reason: Reason | None) -> None:
    rules = replace(RULES, min_book_depth=Shares.of(least))
    assert filters.refuse_thin_book(look(state(), rules=rules)) is reason


def test_a_size_that_nobody_told_is_a_thin_book() -> None:
    untold = quote(UP, "0.80")
    untold = replace(untold, bids=(level("0.80", "0"),))
    assert filters.refuse_thin_book(look(state().with_quote(untold))) is None
    rules = replace(RULES, min_book_depth=Shares.of("0.01"))
    assert filters.refuse_thin_book(look(state().with_quote(untold), rules=rules)) is Reason.THIN_BOOK


@pytest.mark.parametrize(("hours", "reason"), [({12}, Reason.AVOIDED_HOUR), ({11, 13}, None), (set[int](), None)])
def test_an_avoided_hour_takes_no_entry(hours: set[int], reason: Reason | None) -> None:
    rules = replace(RULES, avoid_hours_utc=frozenset(hours))
    assert filters.refuse_avoided_hour(look(state(), rules=rules)) is reason


@pytest.mark.parametrize(("headroom", "reason"), [("8.10", None), ("8.09", Reason.NO_HEADROOM)])
def test_a_takers_fee_needs_headroom_too(headroom: str, reason: Reason | None) -> None:
    """9.63 shares at 0.83 are 7.9929 dollars, the fee on them is 0.09512 more."""
    account = Account("active", Cash.of(headroom))
    looked_at = look(state(), account=account, rules=replace(RULES, taker=True))
    assert looked_at.dollars(Price.of("0.83")) == Cash.of("8.08802")
    tight = replace(account, headroom=Cash.of(headroom) - Cash.of("0.01198"))
    assert filters.refuse_headroom(look(state(), account=tight, rules=replace(RULES, taker=True))) is reason


def test_an_order_too_dear_and_too_small_is_refused_for_its_dollars_first() -> None:
    rules = replace(RULES, order_size=Cash.of(2))
    assert (
        filters.first_refusal(look(state(), rules=rules, account=Account("active", Cash.of(1)))) is Reason.NO_HEADROOM
    )
    assert filters.first_refusal(look(state(), rules=rules)) is Reason.BELOW_MINIMUM


def test_a_wide_spread_buys_more_and_a_missing_ask_changes_nothing() -> None:
    rules = replace(RULES, spread_size_mult=Decimal(2))
    assert look(state(), rules=rules).shares(Price.of("0.80")) == Shares.of("15")
    assert look(state(ask="0.81"), rules=rules).shares(Price.of("0.80")) == Shares.of("10")
    assert look(state().with_quote(quote(UP, "0.80")), rules=rules).shares(Price.of("0.80")) == Shares.of("10")


def test_every_filter_is_worded_up_to_the_first_that_refuses() -> None:
    passed = filters.verdicts(look(state()))
    assert [each.passed for each in passed] == [True] * len(filters.ENTRY_BY_RULES)
    refused = filters.verdicts(look(state(bids=("0.70",))))
    assert refused[-1] == Verdict("bid in range", "0.70", "0.75 to 0.85", passed=False)
    assert [each.passed for each in refused[:-1]] == [True] * 3
