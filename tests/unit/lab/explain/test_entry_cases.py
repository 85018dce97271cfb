"""What a case is answered is what the bidder would do, with every filter up to the one that decided."""

import json

import pytest

from lab.explain.answer import answers
from lab.explain.case import read_cases
from shared.domain.money import Price, Shares
from tests.unit.lab.explain.cases import MINUTE, POSITION, START, asked, book, document, order


def test_a_market_in_the_range_is_bid_for_with_every_filter_shown() -> None:
    given = asked()
    assert (given.decision, given.reason, given.price, given.shares) == (
        "bid",
        None,
        Price.of("0.80"),
        Shares.of("6.25"),
    )
    assert len(given.filters) == 16
    assert all(verdict.passed for verdict in given.filters)


REFUSALS = [
    ("HALTED", {"trading_state": "halted"}),
    ("HALTED", {"trading_state": "reducing"}),
    ("MARKET_CLOSED", {"market__accepting_orders": False}),
    ("MARKET_CLOSED", {"now": START + 15 * MINUTE}),
    ("TOO_EARLY", {"now": START - 1}),
    ("AWAITING_SETTLEMENT", {"market__awaiting_settlement": True}),
    ("EXITED", {"market__exited": True}),
    ("UNMATCHED_FILL", {"market__unmatched_fill": True}),
    ("STALE_BOOK", {"books__Up": None}),
    ("STALE_BOOK", {"books__Up": ...}),
    ("STALE_BOOK", {"books__Up": book("0.80", "0.82", age=30.001)}),
    ("STALE_BOOK", {"books__Up": book("0.83", "0.80")}),
    ("NO_BID", {"books__Up": book(None, "0.82")}),
    ("BID_OUT_OF_RANGE", {"books__Up": book("0.74", "0.82")}),
    ("BID_OUT_OF_RANGE", {"books__Up": book("0.86", "0.88")}),
    ("BID_OUT_OF_RANGE", {"books__Up": book("0", "0.82")}),
    ("BID_OUT_OF_RANGE", {"books__Up": book("1", "1")}),
    ("NO_REFERENCE_PRICE", {"strike": "0"}),
    ("NO_REFERENCE_PRICE", {"reference_price": "-1"}),
    ("NO_REFERENCE_PRICE", {"strike": None, "settings": {"min_move_pct": "0.20"}}),
    ("NO_REFERENCE_PRICE", {"reference_price": None, "settings": {"entry_fair_margin": "0.05"}}),
    ("NO_REFERENCE_PRICE", {"reference_age_s": "30.1", "settings": {"min_move_pct": "0.20"}}),
    ("NO_REFERENCE_PRICE", {"settings": {"entry_mode": "ml-hybrid", "model_path": "m.json"}}),
    ("INSUFFICIENT_MOVE", {"reference_price": "100266", "settings": {"min_move_pct": "0.20"}}),
    ("INSUFFICIENT_MOVE", {"reference_price": "99700", "settings": {"min_move_pct": "0.20"}}),
    ("EXCESSIVE_MOVE", {"settings": {"max_move_pct": "0.34"}}),
    ("TOO_EARLY", {"settings": {"min_entry_minutes": "11.01"}}),
    ("TOO_LATE", {"settings": {"max_entry_minutes": 10}}),
    ("ABOVE_FAIR_VALUE", {"settings": {"entry_fair_margin": "0.05"}, "fair_value": "0.74"}),
    ("MODEL_SKIP", {"model_p_up": "0.54"}),
    ("EDGE_TOO_SMALL", {"model_p_up": 0.82, "settings": {"entry_mode": "ml-dynamic"}}),
    ("THIN_BOOK", {"settings": {"min_book_depth": "121"}}),
    ("THIN_BOOK", {"settings": {"min_book_depth": 1}, "books__Up": book("0.80", "0.82", bid_size=None)}),
    ("AVOIDED_HOUR", {"settings": {"avoid_hours_utc": [12]}}),
    ("OTHER_SIDE_HELD", {"position": POSITION | {"outcome": "Down"}}),
    ("LADDER_COMPLETE", {"filled_rungs": [0]}),
    ("LADDER_COMPLETE", {"position": POSITION}),
    ("ALREADY_WORKING", {"orders": [order("live")]}),
    ("RUNG_TAKEN", {"orders": [order("intended")]}),
    ("WOULD_CROSS", {"books__Up": book("0.80", "0.80")}),
    ("NO_ASK", {"settings": {"taker": True}, "books__Up": book("0.80")}),
    ("CANCEL_IN_FLIGHT", {"orders": [order("cancelling", "0.78")]}),
    ("NO_HEADROOM", {"headroom_usd": "4.99"}),
    ("BELOW_MINIMUM", {"settings": {"order_size": "3.99"}}),
]  # fmt: skip


@pytest.mark.parametrize(("reason", "changes"), REFUSALS, ids=lambda value: value if isinstance(value, str) else "")
def test_each_refusal_names_its_reason_and_ends_with_the_filter_that_refused(
    reason: str, changes: dict[str, object]
) -> None:
    given = asked(**changes)
    assert (given.decision, given.reason, given.shares) == ("refuse", reason, None)
    assert [verdict.passed for verdict in given.filters] == [True] * (len(given.filters) - 1) + [False]


def test_a_sure_model_takes_at_the_ask_and_scales_the_order() -> None:
    given = asked(model_p_up="0.85")
    assert (given.decision, given.price) == ("take", Price.of("0.82"))
    assert given.shares == Shares.of("8.53")


def test_a_model_speaks_of_up_and_a_fair_value_of_the_evaluated_outcome() -> None:
    down = {"evaluate": "Down", "books__Down": book("0.80", "0.82"), "reference_price": "99700"}
    assert asked(model_p_up="0.30", **down).decision == "bid"
    assert asked(fair_value="0.80", settings={"entry_fair_margin": "0.01"}, **down).decision == "bid"
    assert asked(fair_value="0.20", settings={"entry_fair_margin": "0.01"}, **down).decision == "refuse"


def test_a_market_that_lists_down_first_is_read_by_its_names() -> None:
    swapped = {"market__outcomes": ["Down", "Up"], "market__tokens": ["222", "111"]}
    assert asked(**swapped) == asked()
    assert asked(**swapped, evaluate=...).reason == "BID_OUT_OF_RANGE"


def test_a_ladder_bids_for_the_lowest_rung_that_is_not_filled() -> None:
    ladder = {"settings": {"ladder_rungs": 3}}
    assert asked(**ladder).price == Price.of("0.75")
    assert asked(**ladder, filled_rungs=[0]).price == Price.of("0.80")
    assert asked(**ladder, filled_rungs=["Up/0", 1], books__Up=book("0.84", "0.86")).price == Price.of("0.85")


def test_books_are_read_net_of_our_own_orders_unless_the_case_says_otherwise() -> None:
    ours = {"books__Up": book("0.80", "0.82", bid_size="6.25"), "orders": [order("live")]}
    assert asked(**ours).reason == "NO_BID"
    assert asked(**ours, books_show_own_orders=False).reason == "ALREADY_WORKING"


def test_an_order_is_kept_while_the_bid_stays_in_the_range_and_cancelled_when_it_leaves() -> None:
    resting = {"question": "resting", "orders": [order("live", "0.78")]}
    kept = asked(**resting)
    assert (kept.decision, kept.reason, kept.price, kept.shares) == ("keep", None, Price.of("0.78"), Shares.of("6.25"))
    left = asked(**resting, books__Up=book("0.74", "0.80"))
    assert (left.decision, left.reason, left.price) == ("cancel", "BID_OUT_OF_RANGE", Price.of("0.78"))


def test_what_only_a_new_order_is_asked_cancels_nothing() -> None:
    resting = {"question": "resting", "orders": [order("live", "0.78")]}
    assert asked(**resting, settings={"min_book_depth": "500"}, headroom_usd="0").decision == "keep"


def test_a_rung_rests_above_the_range_and_goes_below_it() -> None:
    ladder = {"question": "resting", "settings": {"ladder_rungs": 3}, "orders": [order("live", "0.75")]}
    assert asked(**ladder, books__Up=book("0.88", "0.90")).decision == "keep"
    assert asked(**ladder, books__Up=book("0.74", "0.90")).decision == "cancel"


def test_an_order_that_is_leaving_already_is_left_alone() -> None:
    given = asked(question="resting", orders=[order("cancelling", "0.78")], books__Up=book("0.70", "0.75"))
    assert (given.decision, given.filters) == ("keep", ())


def test_headroom_defaults_to_the_limit_less_what_is_held_and_rests() -> None:
    default = {"headroom_usd": None, "settings": {"order_size": 5, "max_exposure": 6}}
    assert asked(**default, orders=[order("live", "0.10", outcome="Down", shares="10")]).decision == "bid"
    assert asked(**default, orders=[order("live", "0.10", outcome="Down", shares="10.02")]).reason == "NO_HEADROOM"


def test_a_list_of_cases_is_answered_in_its_order() -> None:
    cases, is_list = read_cases(json.dumps([document(), document(trading_state="halted")]))
    assert is_list
    assert [given.decision for given in answers(cases)] == ["bid", "refuse"]
