"""The filters that look at the coin's price, at fair value or at a model, each alone at its limits."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest

from services.bidder.domain import filters
from services.bidder.domain.market_state import MarketState
from services.bidder.domain.reasons import Reason
from services.bidder.domain.rules import Rules
from shared.domain.money import Cash, Price
from shared.domain.reference import Spot
from tests.unit.bidder.cases import DOWN, LADDER_RULES, MARKET, NOW, RULES, START, UP, look, priced, quote, state

MOVED = replace(RULES, min_move_pct=Decimal("0.2"))
MOST = replace(RULES, max_move_pct=Decimal("0.5"))
FAIR = replace(RULES, entry_fair_margin=Decimal("0.02"))
TAKER = replace(RULES, taker=True)
DYNAMIC = replace(RULES, entry_mode="ml-dynamic")


def at_target() -> MarketState:
    return state(bids=("0.75",))


@pytest.mark.parametrize(
    ("spot", "reason"), [("100.2", None), ("100.1999", Reason.INSUFFICIENT_MOVE), ("99", Reason.INSUFFICIENT_MOVE)]
)
def test_at_the_target_the_least_move_itself_is_enough(spot: str, reason: Reason | None) -> None:
    assert filters.refuse_small_move(look(priced(at_target(), spot), rules=MOVED)) is reason


@pytest.mark.parametrize(("spot", "reason"), [("100.27", None), ("100.26", Reason.INSUFFICIENT_MOVE)])
def test_a_dearer_entry_needs_proportionally_more_proof(spot: str, reason: Reason | None) -> None:
    """At 0.80 the odds are 4, at the target of 0.75 they are 3: 0.2667 percent."""
    assert filters.refuse_small_move(look(priced(state(), spot), rules=MOVED)) is reason


def test_a_taker_needs_the_proof_of_its_ask_and_a_rung_of_its_own_price() -> None:
    """The ask of 0.83 wants 0.3255 percent; the first rung, at 0.75, wants 0.2."""
    taker = replace(MOVED, taker=True)
    assert filters.refuse_small_move(look(priced(state(), "100.32"), rules=taker)) is Reason.INSUFFICIENT_MOVE
    assert filters.refuse_small_move(look(priced(state(), "100.33"), rules=taker)) is None
    ladder = replace(LADDER_RULES, min_move_pct=Decimal("0.2"))
    assert filters.refuse_small_move(look(priced(state(rules=ladder), "100.2"), rules=ladder)) is None


def test_the_move_counts_for_down_with_its_sign_turned_whichever_outcome_is_listed_first() -> None:
    swapped = replace(MARKET, outcomes=(DOWN, UP))
    falling = priced(at_target().with_quote(quote(DOWN, "0.75")).with_market(swapped, 1), "99.8")
    assert filters.refuse_small_move(look(falling, rules=MOVED, outcome=DOWN)) is None
    assert filters.refuse_small_move(look(falling, rules=MOVED, outcome=UP)) is Reason.INSUFFICIENT_MOVE


@pytest.mark.parametrize(("spot", "reason"), [("100.5", None), ("100.5001", Reason.EXCESSIVE_MOVE), ("90", None)])
def test_the_greatest_move_itself_is_allowed(spot: str, reason: Reason | None) -> None:
    assert filters.refuse_great_move(look(priced(state(), spot), rules=MOST)) is reason


def blind(rules: Rules, of: MarketState) -> set[Reason | None]:
    c = look(of, rules=rules)
    return {each(c) for each in (filters.refuse_small_move, filters.refuse_great_move)}


def test_a_missing_strike_or_price_never_passes_for_a_move() -> None:
    both = replace(MOVED, max_move_pct=Decimal(5))
    known = priced(at_target())
    assert blind(both, known) == {None}
    for missing in (state(), replace(known, strike=None), replace(known, spot=None)):
        assert blind(both, missing) == {Reason.NO_REFERENCE_PRICE}


@pytest.mark.parametrize(("age_seconds", "reason"), [(30.0, None), (30.001, Reason.NO_REFERENCE_PRICE)])
def test_a_price_older_than_a_stale_book_is_a_missing_price(age_seconds: float, reason: Reason | None) -> None:
    old = priced(at_target(), at=NOW - timedelta(seconds=age_seconds))
    assert filters.refuse_small_move(look(old, rules=MOVED)) is reason


def test_filters_that_are_off_need_no_price() -> None:
    assert filters.first_refusal(look(state())) is None


@pytest.mark.parametrize("strike", ["0", "-1"])
def test_a_strike_that_cannot_be_one_is_refused_also_while_the_filters_are_off(strike: str) -> None:
    assert filters.first_refusal(look(priced(state(), strike=strike))) is Reason.NO_REFERENCE_PRICE
    assert filters.first_refusal(look(priced(state(), strike=strike), rules=MOVED)) is Reason.NO_REFERENCE_PRICE


def test_a_spot_that_cannot_be_one_is_refused_also_while_the_filters_are_off() -> None:
    nothing = replace(priced(state()), spot=Spot(Decimal(0), NOW))
    assert filters.first_refusal(look(nothing)) is Reason.NO_REFERENCE_PRICE


@pytest.mark.parametrize(("fair", "reason"), [("0.78", None), ("0.7799", Reason.ABOVE_FAIR_VALUE)])
def test_a_price_reaches_fair_value_and_its_margin_and_no_more(fair: str, reason: Reason | None) -> None:
    assert filters.refuse_above_fair_value(look(state(), rules=FAIR, fair=fair)) is reason


def test_a_pump_far_above_fair_value_is_not_bought() -> None:
    assert filters.first_refusal(look(state(), rules=FAIR, fair="0.55")) is Reason.ABOVE_FAIR_VALUE


def test_fair_value_of_down_is_the_complement_of_ups() -> None:
    down = state().with_quote(quote(DOWN, "0.80"))
    assert filters.refuse_above_fair_value(look(down, rules=FAIR, fair="0.22", outcome=DOWN)) is None
    above = filters.refuse_above_fair_value(look(down, rules=FAIR, fair="0.23", outcome=DOWN))
    assert above is Reason.ABOVE_FAIR_VALUE


def test_an_unknown_fair_value_refuses_unless_nobody_asks_for_it() -> None:
    assert filters.refuse_above_fair_value(look(state(), rules=FAIR)) is Reason.NO_REFERENCE_PRICE
    assert filters.refuse_above_fair_value(look(state())) is None


def test_a_taker_compares_its_ask_with_fair_value() -> None:
    taker = replace(FAIR, taker=True)
    assert filters.refuse_above_fair_value(look(state(), rules=taker, fair="0.81")) is None
    assert filters.refuse_above_fair_value(look(state(), rules=taker, fair="0.80")) is Reason.ABOVE_FAIR_VALUE


@pytest.mark.parametrize(("p_up", "reason"), [("0.55", None), ("0.5499", Reason.MODEL_SKIP)])
def test_a_model_skips_what_is_unlikely(p_up: str, reason: Reason | None) -> None:
    assert filters.refuse_by_model(look(priced(state()), model=p_up)) is reason


def test_a_model_speaks_of_up_and_down_is_its_complement() -> None:
    down = priced(state().with_quote(quote(DOWN, "0.80", ask="0.83")))
    assert filters.refuse_by_model(look(down, model="0.45", outcome=DOWN)) is None
    assert filters.first_refusal(look(down, model="0.46", outcome=DOWN)) is Reason.MODEL_SKIP


def test_a_model_without_strike_price_or_answer_refuses() -> None:
    known = priced(state())
    for missing in (replace(known, strike=None), replace(known, spot=None), priced(state(), strike="0")):
        assert filters.first_refusal(look(missing, model="0.9")) is Reason.NO_REFERENCE_PRICE
    old = priced(state(), at=NOW - timedelta(seconds=31))
    assert filters.first_refusal(look(old, model="0.9")) is Reason.NO_REFERENCE_PRICE


def test_a_model_replaces_filters_two_to_five_and_no_other() -> None:
    closed = replace(
        RULES,
        order_size=Cash.of(40),
        min_move_pct=Decimal(50),
        max_move_pct=Decimal("0.01"),
        min_entry_minutes=Decimal(14),
        entry_fair_margin=Decimal("0.01"),
    )
    assert filters.first_refusal(look(priced(state()), rules=closed, model="0.6")) is None
    hour = replace(closed, avoid_hours_utc=frozenset({12}))
    assert filters.first_refusal(look(priced(state()), rules=hour, model="0.6")) is Reason.AVOIDED_HOUR


@pytest.mark.parametrize(("p_up", "takes"), [("0.72", True), ("0.7199", False)])
def test_a_sure_model_takes(p_up: str, takes: bool) -> None:
    assert look(priced(state()), model=p_up).takes is takes


def test_a_sure_model_without_an_ask_refuses_and_never_falls_back_to_resting() -> None:
    bare = priced(state().with_quote(quote(UP, "0.80")))
    assert filters.first_refusal(look(bare, model="0.72")) is Reason.NO_ASK
    assert filters.first_refusal(look(bare, model="0.71")) is None


def test_with_a_ladder_the_model_only_filters() -> None:
    sure = look(priced(state(rules=LADDER_RULES)), rules=LADDER_RULES, model="0.99")
    assert not sure.takes
    assert str(sure.shares(Price.of("0.80"))) == "10.00"


@pytest.mark.parametrize(
    ("seconds", "p_up", "reason"),
    [
        (59.999, "0.99", Reason.TOO_EARLY),
        (60, "0.89", None),
        (60, "0.8899", Reason.EDGE_TOO_SMALL),
        (390, "0.86", None),
        (390, "0.8599", Reason.EDGE_TOO_SMALL),
        (720, "0.83", None),
        (720, "0.8299", Reason.EDGE_TOO_SMALL),
        (720.001, "0.99", Reason.TOO_LATE),
    ],
)
def test_a_dynamic_edge_falls_from_three_times_to_once_the_least(
    seconds: float, p_up: str, reason: Reason | None
) -> None:
    now = START + timedelta(seconds=seconds)
    of = priced(state(), at=now)
    assert filters.refuse_by_model(look(of, rules=DYNAMIC, model=p_up, now=now)) is reason


@pytest.mark.parametrize(("p_up", "reason"), [("0.83", None), ("0.8299", Reason.EDGE_TOO_SMALL)])
def test_without_decay_the_least_edge_is_enough_at_every_minute(p_up: str, reason: Reason | None) -> None:
    now = START + timedelta(minutes=1)
    flat = replace(DYNAMIC, no_edge_decay=True)
    assert filters.refuse_by_model(look(priced(state(), at=now), rules=flat, model=p_up, now=now)) is reason


def test_with_a_ladder_the_edge_is_over_the_rungs_price() -> None:
    ladder = replace(DYNAMIC, ladder_rungs=3, no_edge_decay=True)
    assert filters.refuse_by_model(look(priced(state(rules=ladder)), rules=ladder, model="0.78")) is None
    assert (
        filters.refuse_by_model(look(priced(state(rules=ladder)), rules=ladder, model="0.7799"))
        is Reason.EDGE_TOO_SMALL
    )


def test_a_dynamic_model_never_takes_by_itself() -> None:
    assert not look(priced(state()), rules=DYNAMIC, model="0.99").takes


def test_a_taker_pays_the_ask_and_without_one_is_refused() -> None:
    assert look(state(), rules=TAKER).price == Price.of("0.83")
    assert filters.first_refusal(look(state(), rules=TAKER)) is None
    bare = state().with_quote(quote(UP, "0.80"))
    assert filters.first_refusal(look(bare, rules=TAKER)) is Reason.NO_ASK
    assert filters.refuse_small_move(look(priced(bare), rules=replace(MOVED, taker=True))) is Reason.NO_ASK


def test_an_ask_of_one_dollar_is_no_offer_and_one_at_the_bid_is_no_book() -> None:
    assert filters.first_refusal(look(state(ask="1"), rules=TAKER)) is Reason.NO_ASK
    assert filters.first_refusal(look(state(ask="0.80"), rules=TAKER)) is Reason.STALE_BOOK


def test_at_a_price_of_one_dollar_no_move_is_proof_enough() -> None:
    assert filters.refuse_small_move(look(priced(state(bids=("1",)), "199"), rules=MOVED)) is Reason.INSUFFICIENT_MOVE
