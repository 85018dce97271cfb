"""The shadow taker in the tables: one a market, settled with it, and invisible to everything that trades."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any, LiteralString

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from psycopg.types.json import Jsonb

from tests.integration.db.desk import ACCOUNT, DURING, END, Desk, order_name, token_of

pytestmark = pytest.mark.servers
REAL: tuple[LiteralString, ...] = (
    "select account_id, open_cost, reserved, exposure_peak, trading_state::text, version from account",
    "select order_id, status::text, filled, reserved, version, status_reason from orders order by 1",
    "select token_id, shares, cost, fees, realised, settled_payout, heard, version from positions order by 1",
    "select order_id, shares, cost from position_leg order by 1",
    "select event::text, debit::text, credit::text, amount, market_id, order_id from ledger_entry order by entry_id",
    "select trade_id, order_id, bucket, status::text, version from fill order by 1, 2, 3",
    "select token_id, kind::text, payout, shares, cost, profit from settlement order by settlement_id",
    "select market_id, held_token, exited, settled, settled_kind::text, version from market_guard order by 1",
    "select session_profit, losses_in_a_row, day_profit, tripped_at, reason from breaker",
    "select message_id, subject, body from outbox order by outbox_id",
)


def enter(
    desk: Desk, *, market: str = "m1", outcome: str = "Up", ask: str | None = "0.85", result: str = "open"
) -> bool:
    """A taker with five dollars; 0.008925 a share is the fee at 0.85."""
    bought = ask is not None
    return desk.one(
        "select enter_shadow(%s, %s, %s, %s, %s, %s, 5, %s, %s, %s)",
        ACCOUNT, market, token_of(market, outcome), outcome, Decimal(ask) if ask else None,
        Decimal("0.008925") if bought else None, Decimal("5.821230") if bought else None, result, DURING,
    )  # fmt: skip


def shadow(desk: Desk) -> tuple[Any, ...]:
    return desk.rows("select result::text, payout, round(profit, 4) from shadow_entry")[0]


@pytest.fixture
def held(desk: Desk) -> Desk:
    """Twenty shares of Up, and a shadow beside them."""
    desk.fill(desk.placed(), status="confirmed")
    assert enter(desk)
    return desk


def test_a_market_with_a_fill_is_due_until_it_has_a_shadow(desk: Desk) -> None:
    assert desk.rows("select market_id from shadow_due") == []

    desk.fill(desk.placed(), "t1", "8")
    assert desk.rows("select market_id, trade_id, outcome, stake, taker_fee_rate from shadow_due") == [
        ("m1", "t1", "Up", Decimal("16.00"), Decimal("0.07"))
    ]

    enter(desk, ask=None, result="missed")
    assert desk.rows("select market_id from shadow_due") == []


def test_the_first_fill_counts_not_a_later_one_nor_one_that_failed(desk: Desk) -> None:
    order = desk.placed()
    desk.fill(order, "t1", "8")
    desk.fill(order, "t2", "6")
    desk.fill(order, "t1", "8", status="failed")

    assert desk.rows("select trade_id from shadow_due") == [("t2",)]


def test_one_shadow_a_market(held: Desk) -> None:
    assert enter(held, ask="0.50") is False
    assert held.rows("select ask from shadow_entry") == [(Decimal("0.85"),)]


@pytest.mark.parametrize(
    ("winner", "expected"),
    [("Up", ("won", Decimal(1), Decimal("0.8212"))), ("Down", ("lost", Decimal(0), Decimal("-5.0000")))],
)
def test_it_is_settled_with_its_market(held: Desk, winner: str, expected: tuple[object, ...]) -> None:
    held.swept_past_the_end()
    assert held.settle(winner) == "settled"
    assert shadow(held) == expected


def test_a_split_pays_it_by_its_fraction(held: Desk) -> None:
    held.swept_past_the_end()
    held.one(
        "select settle(%s, 'm1', %s, 'venue', 'test', %s, 'settlement')",
        ACCOUNT, Jsonb({"m1-Up": "0.5", "m1-Down": "0.5"}), END,
    )  # fmt: skip
    assert shadow(held) == ("lost", Decimal("0.5"), Decimal("-2.0894"))


def test_the_venues_later_word_corrects_it_too(held: Desk) -> None:
    held.swept_past_the_end()
    held.settle("Down", kind="provisional")
    held.settle("Up")
    assert shadow(held) == ("won", Decimal(1), Decimal("0.8212"))


def test_a_position_sold_out_settles_its_shadow_as_a_loss_for_good(held: Desk) -> None:
    held.close_entries()
    held.report_closed()
    assert held.sell("20") is None
    sale = order_name("m1", "Up", 0, 0) + "/exit"
    held.event(sale, "accepted")
    held.fill(sale, "s1", "12", "0.40", status="confirmed")
    assert shadow(held) == ("open", None, None)

    held.fill(sale, "s2", "8", "0.38", status="confirmed")
    assert shadow(held) == ("stopped", None, Decimal("-5.0000"))

    held.swept_past_the_end()
    held.settle("Up")
    assert shadow(held) == ("stopped", None, Decimal("-5.0000"))


def test_a_shadow_written_after_the_sale_is_stopped_at_once(desk: Desk) -> None:
    desk.fill(desk.placed(), status="confirmed")
    desk.close_entries()
    desk.report_closed()
    assert desk.sell("20") is None
    sale = order_name("m1", "Up", 0, 0) + "/exit"
    desk.event(sale, "accepted")
    desk.fill(sale, "s1", "20", "0.40", status="confirmed")

    enter(desk)

    assert shadow(desk) == ("stopped", None, Decimal("-5.0000"))


def test_a_shadow_written_after_the_settlement_is_settled_at_once(desk: Desk) -> None:
    desk.fill(desk.placed(), status="confirmed")
    desk.swept_past_the_end()
    desk.settle("Up")

    enter(desk)

    assert shadow(desk) == ("won", Decimal(1), Decimal("0.8212"))


@pytest.mark.parametrize("result", ["no_ask", "missed"])
def test_a_shadow_that_bought_nothing_earns_nothing(desk: Desk, result: str) -> None:
    desk.fill(desk.placed(), status="confirmed")
    enter(desk, ask=None, result=result)
    desk.swept_past_the_end()
    desk.settle("Up")
    assert shadow(desk) == (result, None, None)


STEPS: dict[str, Callable[[Desk], object]] = {
    "fill Up": lambda desk: desk.fill(order_name("m1", "Up", 0, 0), "t1", "8"),
    "fill the rest": lambda desk: desk.fill(order_name("m1", "Up", 0, 0), "t2", "12", status="confirmed"),
    "the fill fails": lambda desk: desk.fill(order_name("m1", "Up", 0, 0), "t1", "8", status="failed"),
    "confirm": lambda desk: desk.fill(order_name("m1", "Up", 0, 0), "t1", "8", status="confirmed"),
    "cancel": lambda desk: desk.event(order_name("m1", "Up", 0, 0), "cancelled"),
    "leave": lambda desk: (desk.close_entries(), desk.report_closed(), desk.sell("8")),
    "sell": lambda desk: (
        desk.fill(order_name("m1", "Up", 0, 0) + "/exit", "s1", "8", "0.4", status="confirmed")
        if desk.one("select 1 from orders where side = 'SELL'")
        else None
    ),
    "guess": lambda desk: (desk.swept_past_the_end(), desk.settle("Down", kind="provisional")),
    "settle": lambda desk: (desk.swept_past_the_end(), desk.settle("Up")),
}


def what_is_real(desk: Desk, steps: list[str], *, with_shadow: bool) -> list[list[tuple[Any, ...]]]:
    """The tables after those steps, which are taken back."""
    with desk.connection.transaction(force_rollback=True):
        desk.connection.execute("alter sequence fill_fill_id_seq restart with 1000")
        desk.placed()
        for step in steps:
            STEPS[step](desk)
            if with_shadow and desk.rows("select 1 from shadow_due"):
                enter(desk)
        assert bool(desk.rows("select 1 from shadow_entry")) is (with_shadow and bool(desk.rows("select 1 from fill")))
        return [desk.rows(table) for table in REAL]


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=st.lists(st.sampled_from(sorted(STEPS)), max_size=8))
def test_what_is_real_is_the_same_with_and_without_a_shadow(desk: Desk, steps: list[str]) -> None:
    steps = ["fill Up", *steps]
    assert what_is_real(desk, steps, with_shadow=True) == what_is_real(desk, steps, with_shadow=False)
