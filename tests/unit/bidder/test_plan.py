"""What is done about a market, from its state."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from services.bidder.domain.ladder import next_rung
from services.bidder.domain.market_state import MarketState
from services.bidder.domain.plan import Cancel, Keep, NoEntry, Place, decide, explain_entry, explain_resting
from services.bidder.domain.reasons import Reason
from services.bidder.domain.rules import Rules
from shared.domain.money import Price, Shares
from shared.domain.order import Order
from tests.unit.bidder.cases import (
    ACCOUNT,
    DOWN,
    LADDER_RULES,
    MARKET,
    NOW,
    RULES,
    UP,
    holding,
    judge,
    level,
    order,
    priced,
    quote,
    state,
)

LATE = replace(RULES, max_entry_minutes=Decimal(4))


def cancels(of: MarketState, rules: Rules = RULES, now: datetime = NOW) -> list[Reason]:
    return [each.reason for each in decide(of, ACCOUNT, judge(rules), now) if isinstance(each, Cancel)]


def places(of: MarketState, rules: Rules = RULES) -> list[Place]:
    return [each for each in decide(of, ACCOUNT, judge(rules), NOW) if isinstance(each, Place)]


def resting(**given: Any) -> Order:
    return order(price="0.80", shares="10", **given)


def test_an_outcome_in_the_range_is_bid_for_at_its_bid_and_the_other_is_not() -> None:
    place, refused = decide(state(), ACCOUNT, judge(), NOW)
    assert place == Place(UP, 0, 0, Price.of("0.80"), Shares.of("10"))
    assert isinstance(refused, NoEntry)
    assert (refused.outcome, refused.reason) == (DOWN, Reason.BID_OUT_OF_RANGE)


@pytest.mark.parametrize("bid", ["0.75", "0.79", "0.82", "0.85"])
def test_a_resting_order_is_left_alone_while_the_bid_moves_inside_the_range(bid: str) -> None:
    assert cancels(state(resting(), bids=(bid,), ask="0.90")) == []


@pytest.mark.parametrize("bid", ["0.74", "0.86"])
def test_a_single_order_goes_when_the_bid_leaves_the_range(bid: str) -> None:
    assert cancels(state(resting(), bids=(bid,), ask="0.90")) == [Reason.BID_OUT_OF_RANGE]


def test_an_order_goes_when_the_bid_beneath_it_has_left_the_range() -> None:
    assert cancels(state(resting(), bids=("0.80", "0.74"))) == []
    ours_on_top = replace(quote(UP), bids=(level("0.80", "10"), level("0.74")))
    assert cancels(state(resting()).with_quote(ours_on_top)) == [Reason.BID_OUT_OF_RANGE]


def test_an_order_goes_when_the_book_has_no_bid_or_is_lost() -> None:
    assert cancels(state(resting(), bids=())) == [Reason.NO_BID]
    assert cancels(state(resting()).with_quote(quote(UP, "0.80", known=False))) == [Reason.STALE_BOOK]


def test_an_order_stays_until_its_book_was_first_heard_of() -> None:
    assert cancels(MarketState(MARKET).with_order(resting())) == []


def test_an_order_stays_while_all_we_see_of_the_book_is_ours() -> None:
    first, second = resting(), order(price="0.79", shares="10", rung=1)
    book = quote(UP, "0.80", "0.79")
    ours = replace(book, bids=tuple(replace(level, shares=Shares.of(10)) for level in book.bids))
    assert cancels(state(first, second).with_quote(ours)) == []


def test_an_order_goes_when_its_time_is_over() -> None:
    assert cancels(state(resting()), LATE) == [Reason.TOO_LATE]
    assert cancels(state(resting()), RULES, MARKET.end) == [Reason.MARKET_CLOSED]
    assert cancels(state(resting()), RULES, MARKET.end - timedelta(milliseconds=1)) == []


@pytest.mark.parametrize("status", ["submitting", "uncertain", "cancelling", "filled", "cancelled"])
def test_only_what_rests_is_cancelled(status: str) -> None:
    assert cancels(state(resting(status=status), bids=("0.10",))) == []


def test_a_cancel_is_asked_for_once_until_its_time_is_up() -> None:
    asked = state(resting(), bids=("0.10",)).with_cancel_asked(resting().order_id, NOW)
    assert isinstance(asked, MarketState)
    assert cancels(asked) == []
    assert cancels(asked.without_expired(NOW)) == [Reason.BID_OUT_OF_RANGE]


def test_filters_behind_the_fifth_do_not_cancel_what_rests() -> None:
    held = state(resting(), ask="0.80").with_holding(holding(DOWN))
    assert cancels(held) == []


def test_another_strategys_order_holds_the_place_and_is_not_ours_to_cancel() -> None:
    theirs = state(order(tag="other"), bids=("0.80",))
    up, _ = decide(theirs, ACCOUNT, judge(), NOW)
    assert up == NoEntry(UP, Reason.ALREADY_WORKING, Price.of("0.80"))
    assert cancels(theirs.with_quote(quote(UP, "0.10"))) == []


def test_the_ladder_starts_at_its_lowest_rung() -> None:
    assert places(state(rules=LADDER_RULES), LADDER_RULES) == [Place(UP, 0, 0, Price.of("0.75"), Shares.of("10.66"))]


def test_the_next_rung_follows_a_filled_one() -> None:
    filled = order(price="0.75", shares="10.66", filled="10.66", status="filled")
    (place,) = places(state(filled, rules=LADDER_RULES), LADDER_RULES)
    assert (place.rung, place.attempt, place.price) == (1, 0, Price.of("0.80"))


def test_a_rung_that_was_cancelled_partly_filled_is_placed_again_for_the_rest() -> None:
    part = order(price="0.75", shares="10.66", filled="4", status="cancelled")
    (place,) = places(state(part, rules=LADDER_RULES), LADDER_RULES)
    assert (place.rung, place.attempt, place.shares) == (0, 1, Shares.of("6.66"))


def test_a_rung_is_known_by_its_index_whatever_the_tick_does_later() -> None:
    finer = state(rules=LADDER_RULES).with_market(replace(MARKET, tick=Decimal("0.001")), 1)
    assert [str(price) for price in finer.ladder] == ["0.75", "0.80", "0.85"]


@pytest.mark.parametrize(("bid", "expected"), [("0.90", []), ("0.75", []), ("0.74", [Reason.BID_OUT_OF_RANGE])])
def test_a_rung_rests_also_above_the_range_and_goes_below_it(bid: str, expected: list[Reason]) -> None:
    ladder = state(order(price="0.75"), rules=LADDER_RULES, bids=(bid,), ask="0.95")
    assert cancels(ladder, LADDER_RULES) == expected


def test_a_new_rung_wants_the_bid_inside_the_range() -> None:
    assert places(state(rules=LADDER_RULES, bids=("0.86",), ask="0.95"), LADDER_RULES) == []


def test_the_same_state_gives_the_same_plan() -> None:
    assert decide(state(resting()), ACCOUNT, judge(), NOW) == decide(state(resting()), ACCOUNT, judge(), NOW)


MOVED = replace(RULES, min_move_pct=Decimal("0.2"))


def test_an_order_goes_when_the_move_falls_short_at_its_own_price_or_its_data_go_missing() -> None:
    """At 0.80 the move has to be 0.2667 percent, whatever the bid is now."""
    of = state(resting(), bids=("0.76",))
    assert cancels(priced(of, "100.27"), MOVED) == []
    assert cancels(priced(of, "100.26"), MOVED) == [Reason.INSUFFICIENT_MOVE]
    assert cancels(of, MOVED) == [Reason.NO_REFERENCE_PRICE]
    assert cancels(priced(of, at=NOW - timedelta(seconds=31)), MOVED) == [Reason.NO_REFERENCE_PRICE]


def test_an_order_goes_when_the_move_is_too_great_or_fair_value_falls_below_it() -> None:
    most = replace(RULES, max_move_pct=Decimal("0.5"))
    assert cancels(priced(state(resting()), "100.6"), most) == [Reason.EXCESSIVE_MOVE]
    margin = replace(RULES, entry_fair_margin=Decimal("0.02"))
    for fair, gone in (("0.78", False), ("0.77", True)):
        found = decide(state(resting(), bids=("0.76",)), ACCOUNT, judge(margin, fair), NOW)
        assert any(isinstance(each, Cancel) and each.reason is Reason.ABOVE_FAIR_VALUE for each in found) is gone


def test_an_order_goes_when_the_model_turns_away_from_it_and_stays_when_the_model_is_sure() -> None:
    of = priced(state(resting()))
    for p_up, gone in (("0.54", True), ("0.55", False), ("0.99", False)):
        found = decide(of, ACCOUNT, judge(model=p_up), NOW)
        assert any(isinstance(each, Cancel) and each.reason is Reason.MODEL_SKIP for each in found) is gone


def test_a_thin_book_an_avoided_hour_and_a_halt_do_not_cancel_what_rests() -> None:
    rules = replace(RULES, min_book_depth=Shares.of(1000), avoid_hours_utc=frozenset({12}))
    halted = replace(ACCOUNT, trading_state="halted")
    assert not any(isinstance(each, Cancel) for each in decide(state(resting()), halted, judge(rules), NOW))


def test_a_taker_takes_the_ask_at_once() -> None:
    (place,) = places(state(), replace(RULES, taker=True))
    assert (place.price, place.takes, place.shares) == (Price.of("0.83"), True, Shares.of("9.63"))


def test_what_explains_an_entry_is_what_trades() -> None:
    for of in (state(), state(bids=("0.70",)), priced(state(), "90")):
        decision, verdicts = explain_entry(of, UP, ACCOUNT, judge(MOVED), NOW)
        assert decision in decide(of, ACCOUNT, judge(MOVED), NOW)
        assert all(each.passed for each in verdicts) is isinstance(decision, Place)


def test_what_explains_a_resting_order_is_what_cancels_it() -> None:
    kept, verdicts = explain_resting(state(resting()), UP, resting(), ACCOUNT, judge(), NOW)
    assert kept == Keep(UP, resting().order_id, Price.of("0.80"))
    assert all(each.passed for each in verdicts)
    left = state(resting(), bids=("0.70",))
    gone, verdicts = explain_resting(left, UP, resting(), ACCOUNT, judge(), NOW)
    assert gone in decide(left, ACCOUNT, judge(), NOW)
    assert not verdicts[-1].passed


def test_what_is_leaving_already_is_kept_without_a_look() -> None:
    leaving = resting(status="cancelling")
    kept, verdicts = explain_resting(state(leaving, bids=("0.10",)), UP, leaving, ACCOUNT, judge(), NOW)
    assert isinstance(kept, Keep)
    assert verdicts == ()


def test_an_outcome_whose_order_is_cancelled_gets_no_entry_in_the_same_breath_and_the_other_one_its_answer() -> None:
    decisions = decide(state(order(), bids=("0.70",)), ACCOUNT, judge(), NOW)
    assert [(type(each), each.outcome) for each in decisions] == [(Cancel, UP), (NoEntry, DOWN)]


def test_a_rung_that_lacks_just_the_minimum_is_bought_to_the_end() -> None:
    cancelled = order(status="cancelled", filled="5", shares="10")
    rung = next_rung([cancelled], 1, Shares.of(5))
    assert rung is not None
    assert rung.unfilled() == Shares.of(5)
    assert next_rung([cancelled], 1, Shares.of("5.01")) is None
