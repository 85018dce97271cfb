"""`book_fill`: the one way a fill is booked, whoever saw it, however often."""

from __future__ import annotations

from decimal import Decimal

import psycopg
import pytest

from tests.integration.db.desk import ACCOUNT, END, Desk, order_name

pytestmark = pytest.mark.servers


def test_a_fill_moves_its_dollars_from_reserved_to_cost(desk: Desk) -> None:
    order = desk.placed()

    assert desk.fill(order, shares="8") == "booked"

    assert desk.position() == (Decimal(8), Decimal("6.40"))
    assert (desk.reserved(), desk.exposure()) == (Decimal("9.60"), Decimal("16.00"))
    assert desk.status(order) == "partly_filled"


def test_the_whole_size_fills_the_order(desk: Desk) -> None:
    order = desk.placed()

    desk.fill(order)

    assert (desk.status(order), desk.reserved(), desk.exposure()) == ("filled", 0, Decimal("16.00"))


def test_a_hundredth_of_a_share_short_is_filled_and_released(desk: Desk) -> None:
    order = desk.placed()

    desk.fill(order, shares="19.99")

    assert (desk.status(order), desk.reserved()) == ("filled", 0)


def test_a_better_price_gives_the_difference_back(desk: Desk) -> None:
    desk.fill(desk.placed(), price="0.78")

    assert desk.exposure() == Decimal("15.60")


@pytest.mark.parametrize(
    ("first", "again"), [("", ""), ("3", "3"), ("3", ""), ("", "3")], ids=["none", "both", "first", "second"]
)
def test_a_fill_seen_twice_is_booked_once_whoever_knows_the_bucket(desk: Desk, first: str, again: str) -> None:
    order = desk.placed()
    assert desk.fill(order, shares="8", bucket=first) == "booked"

    assert desk.fill(order, shares="8.00", bucket=again, source="rest") == "seen"

    assert desk.position() == (Decimal(8), Decimal("6.40"))


def test_two_buckets_of_one_trade_are_two_fills(desk: Desk) -> None:
    order = desk.placed()

    assert [desk.fill(order, shares="8", bucket=bucket) for bucket in ("1", "2")] == ["booked", "booked"]

    assert desk.position() == (Decimal(16), Decimal("12.80"))


def test_trade_and_order_are_the_identity_whatever_size_is_said_later(desk: Desk) -> None:
    order = desk.placed()
    desk.fill(order, shares="8")

    assert desk.fill(order, shares="7") == "seen"

    assert desk.position() == (Decimal(8), Decimal("6.40"))


def test_one_trade_may_fill_two_orders_of_ours(desk: Desk) -> None:
    first = desk.placed(shares="10")
    desk.fill(first, shares="10")
    second = desk.placed(rung=1, shares="10")

    assert desk.fill(second, trade="t1", shares="10") == "booked"

    assert desk.position() == (Decimal(20), Decimal("16.00"))


def test_a_fill_is_confirmed_once(desk: Desk) -> None:
    order = desk.placed()
    desk.fill(order)

    assert desk.fill(order, status="confirmed") == "confirmed"
    assert desk.fill(order, status="confirmed") == "seen"
    assert desk.fill(order) == "seen"

    assert desk.one("select confirmed_shares from positions") == 20


def test_a_fill_first_heard_of_as_confirmed_is_both(desk: Desk) -> None:
    assert desk.fill(desk.placed(), status="confirmed") == "booked"

    assert desk.one("select confirmed_shares from positions") == 20
    assert [fact["status"] for fact in desk.facts("fills.fill_booked.v1")] == ["provisional", "confirmed"]


def test_a_failed_trade_is_taken_back_once(desk: Desk) -> None:
    order = desk.placed()
    desk.fill(order)

    assert desk.fill(order, status="failed") == "reversed"
    assert desk.fill(order, status="failed") == "seen"
    assert desk.fill(order, status="confirmed") == "seen"

    assert (desk.position(), desk.exposure()) == ((0, 0), 0)
    assert desk.status(order) == "cancelled"


def test_a_failure_heard_first_blocks_the_match(desk: Desk) -> None:
    order = desk.placed()

    assert desk.fill(order, shares="8", status="failed") == "failed"
    assert desk.fill(order, shares="8") == "seen"

    assert (desk.position(), desk.status(order), desk.exposure()) == (None, "live", Decimal("16.00"))


def test_an_order_whose_whole_size_failed_is_over(desk: Desk) -> None:
    order = desk.placed()
    desk.fill(order, "t1", shares="8", status="failed")

    desk.fill(order, "t2", shares="12", status="failed")

    assert (desk.status(order), desk.reserved()) == ("cancelled", 0)


def test_what_failed_rests_nowhere_and_what_is_left_does(desk: Desk) -> None:
    order = desk.placed()
    desk.fill(order, "t1", shares="8")
    desk.fill(order, "t1", shares="8", status="failed")

    assert desk.status(order) == "partly_filled"
    desk.fill(order, "t2", shares="12")

    assert (desk.status(order), desk.reserved(), desk.exposure()) == ("cancelled", 0, Decimal("9.60"))


def test_the_side_is_free_again_when_its_only_fill_failed(desk: Desk) -> None:
    order = desk.placed()
    desk.fill(order)
    assert desk.reserve("Down") == "OTHER_SIDE_HELD"

    desk.fill(order, status="failed")

    assert desk.reserve("Down") is None


def test_a_reversed_rung_may_be_placed_again(desk: Desk) -> None:
    order = desk.placed()
    desk.fill(order)
    desk.fill(order, status="failed")

    assert desk.reserve(attempt=1) is None


def test_more_than_was_ordered_is_kept_and_blocks_the_market(desk: Desk) -> None:
    order = desk.placed()

    assert desk.fill(order, shares="20.02") == "oversize"
    assert desk.fill(order, shares="20.02") == "oversize"

    assert desk.position() is None
    assert desk.one("select unmatched_fills from market_guard") == 1


def test_a_late_fill_that_nothing_reserved_is_booked_and_closes_entries(desk: Desk) -> None:
    order = desk.placed()
    desk.event(order, "cancelled", "0")

    assert desk.fill(order, shares="5") == "booked"

    assert desk.exposure() == Decimal("4.00")
    assert desk.causes() == {"unexplained_fill"}
    assert desk.state() == "reducing"


def test_both_sides_filled_are_both_kept_and_nothing_more_is_bought(desk: Desk) -> None:
    up = desk.placed("Up", shares="10")
    down = desk.placed("Down", shares="10", price="0.15")

    desk.fill(up, trade="t1", shares="10")
    desk.fill(down, trade="t2", shares="10", price="0.15")

    assert (desk.position("Up"), desk.position("Down")) == ((10, Decimal("8.00")), (10, Decimal("1.50")))
    assert desk.reserve("Up", rung=1) == "OTHER_SIDE_HELD"
    assert desk.one("select count(*) from operator_action where act = 'alert'") == 1


def test_a_paper_fill_loses_against_a_cancel_that_came_first(desk: Desk) -> None:
    order = desk.placed()
    desk.event(order, "cancelled")

    assert desk.fill(order, source="paper") == "too_late"

    assert desk.position() is None


def test_later_rungs_join_the_position_and_stay_known_as_legs(desk: Desk) -> None:
    first, second = desk.placed(shares="10", price="0.75"), ""
    desk.fill(first, shares="10", price="0.75")
    second = desk.placed(rung=1, shares="10", price="0.80")
    desk.fill(second, trade="t2", shares="10", price="0.80")

    assert desk.position() == (20, Decimal("15.50"))
    assert desk.rows("select order_id, shares, cost from position_leg order by order_id") == [
        (first, 10, Decimal("7.50")),
        (second, 10, Decimal("8.00")),
    ]


def test_a_takers_fee_is_booked_beside_the_cost(desk: Desk) -> None:
    desk.fill(desk.placed(), fee="0.22400")

    assert desk.one("select fees from positions") == Decimal("0.22400")
    assert desk.exposure() == Decimal("16.00")


def test_a_sale_takes_shares_out_at_their_average_cost(desk: Desk) -> None:
    desk.fill(desk.placed(), status="confirmed")
    exit_order = desk.placed(side="SELL", purpose="exit", shares="5", price="0.30")

    assert desk.fill(exit_order, trade="t2", shares="5", price="0.30") == "booked"

    assert desk.position() == (15, Decimal("12.00"))
    assert desk.profit() == Decimal("-2.50")


def test_a_sale_that_failed_gives_the_shares_back(desk: Desk) -> None:
    desk.fill(desk.placed(), status="confirmed")
    exit_order = desk.placed(side="SELL", purpose="exit", shares="5", price="0.30")
    desk.fill(exit_order, trade="t2", shares="2", price="0.30", bucket="1")
    desk.fill(exit_order, trade="t2", shares="3", price="0.30", bucket="2")

    assert desk.fill(exit_order, trade="t2", shares="3", price="0.30", bucket="2", status="failed") == "reversed"

    assert desk.position() == (18, Decimal("14.40"))
    assert desk.profit() == Decimal("-1.00")


def test_more_sold_than_held_is_kept_for_inspection(desk: Desk) -> None:
    desk.fill(desk.placed(), status="confirmed")
    exit_order = desk.placed(side="SELL", purpose="exit", shares="20", price="0.30")
    desk.event(exit_order, "cancelled")
    desk.swept_past_the_end()
    assert desk.settle() == "settled"

    assert desk.fill(exit_order, trade="t2", shares="20", price="0.30") == "oversold"


def test_a_purchase_that_fails_though_its_shares_were_sold_is_kept_until_the_sale_has_failed_too(desk: Desk) -> None:
    assert desk.fill(desk.placed(), status="confirmed") == "booked"
    bought = desk.placed(rung=1)
    assert desk.fill(bought, "t2") == "booked"
    sales = [order_name("m1", "Up", 0, attempt) + "/exit" for attempt in (0, 1)]
    assert desk.sell("20") is None
    desk.event(sales[0], "cancelled")
    assert desk.sell("20", attempt=1) is None
    assert [desk.fill(sale, f"s-{sale}", price="0.9") for sale in sales] == ["booked", "booked"]

    assert desk.fill(bought, "t2", status="failed") == "oversold"
    assert desk.reserve(rung=2) == "UNMATCHED_FILL"

    assert desk.fill(sales[1], f"s-{sales[1]}", price="0.9", status="failed") == "reversed"
    assert desk.fill(bought, "t2", status="failed") == "reversed"
    assert desk.position() == (Decimal(0), Decimal(0))
    assert desk.one("select unmatched_fills from market_guard") == 0


def test_a_fill_of_an_order_nobody_knows_is_refused_outright(desk: Desk) -> None:
    with pytest.raises(psycopg.errors.NoDataFound):
        desk.fill("nobody's")


def test_won_shares_pay_one_and_lost_ones_nothing(desk: Desk) -> None:
    desk.fill(desk.placed(), fee="0.10")
    desk.swept_past_the_end()

    assert desk.settle("Up") == "settled"

    assert desk.profit() == Decimal("3.90")
    assert (desk.exposure(), desk.position()) == (0, (0, 0))
    assert desk.facts("settlement.position_settled.v1")[0]["profit"] == "3.90"


def test_a_market_is_not_settled_before_its_orders_are_final(desk: Desk) -> None:
    desk.placed()
    desk.swept_past_the_end()

    assert desk.settle() == "waiting_orders"


def test_a_market_is_not_settled_before_everything_up_to_its_end_was_swept(desk: Desk) -> None:
    desk.fill(desk.placed())
    assert desk.settle() == "waiting_sweep"
    desk.one("select mark_swept(%s, %s - interval '1 millisecond')", ACCOUNT, END)

    assert desk.settle() == "waiting_sweep"


def test_a_payout_for_another_token_settles_nothing(desk: Desk) -> None:
    desk.add_market("m2")
    desk.fill(desk.placed())

    assert desk.one("select settle(%s, 'm1', '{}', 'venue', '', %s, 'x')", ACCOUNT, END) == "unknown_token"


def test_settling_again_with_the_same_word_books_nothing(desk: Desk) -> None:
    desk.fill(desk.placed())
    desk.swept_past_the_end()
    desk.settle("Up")

    desk.settle("Up")

    assert desk.one("select count(*) from settlement") == 1


def test_the_venues_later_word_corrects_a_provisional_one(desk: Desk) -> None:
    desk.fill(desk.placed())
    desk.swept_past_the_end()
    desk.settle("Up", kind="provisional")
    assert desk.profit() == Decimal("4.00")

    desk.settle("Down", kind="venue")

    assert desk.profit() == Decimal("-16.00")
    assert [row[0] for row in desk.rows("select kind::text from settlement order by settlement_id")] == [
        "provisional",
        "adjust",
    ]


def test_a_fill_after_the_settlement_becomes_an_adjustment(desk: Desk) -> None:
    order = desk.placed()
    desk.fill(order, shares="8")
    desk.event(order, "cancelled", "20")
    desk.swept_past_the_end()
    desk.settle("Up")
    assert desk.reserved() == 0

    desk.fill(order, trade="t2", shares="12")
    desk.settle("Up")

    assert desk.profit() == Decimal("4.00")
    assert desk.exposure() == 0


def test_a_trade_that_fails_after_the_settlement_is_taken_back_with_its_profit(desk: Desk) -> None:
    order = desk.placed()
    desk.fill(order, trade="t1", shares="8")
    desk.fill(order, trade="t2", shares="12")
    desk.swept_past_the_end()
    desk.settle("Up")

    assert desk.fill(order, trade="t2", shares="12", status="failed") == "reversed"

    assert desk.profit() == Decimal("1.60")
    assert [fact["kind"] for fact in desk.facts("settlement.position_settled.v1")] == ["venue", "adjust"]


def test_a_market_without_any_fill_settles_to_nothing(desk: Desk) -> None:
    desk.event(desk.placed(), "cancelled")
    desk.swept_past_the_end()

    assert desk.settle() == "settled"

    assert desk.rows("select 1 from settlement") == []


def test_a_sweep_never_moves_backwards(desk: Desk) -> None:
    desk.reserve()
    desk.swept_past_the_end()

    desk.one("select mark_swept(%s, %s - interval '1 minute')", ACCOUNT, END)

    assert desk.one("select swept_until from market_guard") == END


def test_a_position_says_what_is_confirmed_and_never_more_than_it_holds(desk: Desk) -> None:
    order = desk.placed()
    desk.fill(order, status="confirmed")
    desk.swept_past_the_end()
    desk.settle()

    last = desk.facts("fills.position_changed.v1")[-1]

    assert (last["shares"], last["confirmed_shares"]) == ("0", "0")


def test_the_rung_of_a_fill_is_known_by_its_order(desk: Desk) -> None:
    desk.fill(desk.placed(shares="10"), shares="10")
    desk.placed(rung=1, shares="10")

    assert desk.fill(order_name("m1", "Up", 1, 0), trade="t2", shares="5") == "booked"

    assert desk.rows("select rung, filled from orders order by rung") == [(0, 10), (1, 5)]
