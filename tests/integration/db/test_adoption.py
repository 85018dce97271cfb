"""Orders that only the venue knows, and cases of what nothing explains, through the functions."""

from __future__ import annotations

from decimal import Decimal

import pytest
from psycopg.types.json import Jsonb

from cli.audit import read_cases
from tests.integration.db.desk import ACCOUNT, DURING, Desk, token_of

pytestmark = pytest.mark.servers
THEIRS = "0xlost"
ADOPTED = f"adopted/{THEIRS}"


def recovered(desk: Desk) -> None:
    """The executor has dealt with what it found at its start."""
    desk.one("select guard(%s, 'executor_recovery', 'halted', '', 'executor')", ACCOUNT)
    desk.one("select guard(%s, 'executor_recovery', 'active', '', 'executor')", ACCOUNT)


def adopt(
    desk: Desk,
    venue_order: str = THEIRS,
    *,
    outcome: str = "Up",
    side: str = "BUY",
    shares: str = "20",
    status: str = "cancelling",
) -> str:
    return desk.one(
        "select adopt_order(%s, %s, 'm1', %s, %s, 0.80, %s, 'GTC', %s, %s, 'fills')",
        ACCOUNT, venue_order, token_of("m1", outcome), side, Decimal(shares), status, DURING,
    )  # fmt: skip


def park(desk: Desk, trade: str = "t1", bucket: str = "", shares: str = "20") -> None:
    identity, payload = f"{trade}/{THEIRS}/{bucket}", Jsonb({"shares": shares})
    desk.one("select park_fill(%s, 'm1', %s, 'unknown_order', %s, 'fills')", ACCOUNT, identity, payload)


def parked(desk: Desk) -> tuple[int, int]:
    """Rows that are open, and what the market's guard says."""
    return (
        desk.one("select count(*) from unmatched_fill where resolved_at is null"),
        desk.one("select unmatched_fills from market_guard"),
    )


def case(desk: Desk, subject: str = "0xa", kind: str = "order") -> bool:
    return desk.one(
        "select open_case(%s, %s, %s, 'm1', '10000000', 'null', 10, 'fills')", ACCOUNT, kind, subject
    )  # fmt: skip


def close(desk: Desk, subject: str = "0xa", kind: str = "order") -> bool:
    return desk.one("select close_case(%s, %s, %s, 'fills')", ACCOUNT, kind, subject)


def alerts(desk: Desk) -> list[str]:
    return [row[0] for row in desk.rows("select detail from operator_action where act = 'alert' order by action_id")]


def test_an_adopted_order_is_reserved_to_be_cancelled_and_told_once(desk: Desk) -> None:
    recovered(desk)

    assert adopt(desk) == ADOPTED
    assert adopt(desk) == ADOPTED

    assert desk.status(ADOPTED) == "cancelling"
    assert desk.exposure() == Decimal(16)
    assert len(alerts(desk)) == 1
    assert [fact["venue_order_id"] for fact in desk.facts("executor.order_changed.v1")] == [THEIRS]


def test_an_order_of_ours_is_not_adopted_again(desk: Desk) -> None:
    recovered(desk)
    order = desk.placed()

    assert adopt(desk, f"venue-{order}") == order

    assert desk.one("select count(*) from orders") == 1


def test_adoption_goes_over_the_limit_and_then_no_entry_follows(desk: Desk) -> None:
    recovered(desk)

    adopt(desk, shares="200", status="live")

    assert desk.exposure() == Decimal(160)
    desk.add_market("m2")
    assert desk.reserve(market="m2") == "NO_HEADROOM"


def test_nothing_is_adopted_before_the_executor_has_dealt_with_orphans(desk: Desk) -> None:
    assert adopt(desk) == "not_yet"
    recovered(desk)
    for cause, state in (("executor_recovery", "halted"), ("foreign_orders", "reducing")):
        desk.one("select guard(%s, %s, %s, '', 'executor')", ACCOUNT, cause, state)
        assert adopt(desk) == "not_yet"
        desk.one("select guard(%s, %s, 'active', '', 'executor')", ACCOUNT, cause)

    assert adopt(desk) == ADOPTED


def test_a_token_that_no_market_of_ours_has_is_not_adopted(desk: Desk) -> None:
    recovered(desk)

    assert adopt(desk, outcome="Sideways") == "unknown_market"


def test_an_adopted_order_that_never_filled_costs_nothing_once_it_is_cancelled(desk: Desk) -> None:
    recovered(desk)
    adopt(desk)

    assert desk.event(ADOPTED, "cancelled", "0") == "cancelled"

    assert desk.exposure() == 0


def test_fills_of_an_adopted_order_are_booked_as_any_and_once(desk: Desk) -> None:
    recovered(desk)
    adopt(desk)

    assert desk.fill(ADOPTED, "t1", "8", status="confirmed") == "booked"
    assert desk.fill(ADOPTED, "t1", "8", status="confirmed") == "seen"
    assert desk.fill(ADOPTED, "t2", "12", status="confirmed") == "booked"

    assert desk.position() == (Decimal(20), Decimal(16))
    assert desk.status(ADOPTED) == "filled"
    assert desk.causes() == set()


def test_a_market_whose_adopted_order_was_filled_takes_no_rung_any_more(desk: Desk) -> None:
    recovered(desk)
    adopt(desk)
    desk.fill(ADOPTED, "t1", "20")

    assert [desk.reserve(rung=rung) for rung in (0, 1)] == ["RUNG_TAKEN", "RUNG_TAKEN"]


def test_a_lost_sale_is_adopted_and_sells_what_was_bought(desk: Desk) -> None:
    recovered(desk)
    adopt(desk)
    desk.fill(ADOPTED, "t1", "20", status="confirmed")

    sale = adopt(desk, "0xsale", side="SELL", shares="5")

    assert desk.fill(sale, "t2", "5", "0.90", status="confirmed") == "booked"
    assert desk.position() == (Decimal(15), Decimal(12))


@pytest.mark.parametrize(("kept", "booked"), [("", ""), ("7", "7"), ("", "7"), ("7", "")])
def test_a_kept_fill_whose_order_arrives_late_is_booked_and_its_market_opens(
    desk: Desk, kept: str, booked: str
) -> None:
    recovered(desk)
    park(desk, bucket=kept)
    assert desk.reserve() == "UNMATCHED_FILL"

    adopt(desk)
    assert desk.fill(ADOPTED, "t1", "20", bucket=booked) == "booked"

    assert parked(desk) == (0, 0)


def test_a_kept_fill_of_another_bucket_stays_kept(desk: Desk) -> None:
    recovered(desk)
    park(desk, bucket="7")
    park(desk, bucket="8")
    adopt(desk)

    desk.fill(ADOPTED, "t1", "8", bucket="8")

    assert desk.rows("select identity from unmatched_fill where resolved_at is null") == [(f"t1/{THEIRS}/7",)]


def test_a_kept_fill_of_another_trade_stays_kept(desk: Desk) -> None:
    recovered(desk)
    park(desk, "t9")
    adopt(desk)

    desk.fill(ADOPTED, "t1", "8")

    assert parked(desk) == (1, 1)


def test_what_was_too_much_and_fits_after_a_failed_trade_opens_its_market(desk: Desk) -> None:
    order = desk.placed(shares="20")
    desk.fill(order, "t1", "20")
    assert desk.fill(order, "t2", "20") == "oversize"
    desk.fill(order, "t1", "20", status="failed")

    assert desk.fill(order, "t2", "20") == "booked"

    assert parked(desk) == (0, 0)


def test_a_case_closes_entries_until_the_last_one_is_closed(desk: Desk) -> None:
    assert case(desk) is True
    assert case(desk, "m1-Up", "balance") is True
    assert (desk.state(), desk.causes()) == ("reducing", {"unexplained"})

    assert close(desk) is True
    assert desk.state() == "reducing"
    assert close(desk, "m1-Up", "balance") is True

    assert (desk.state(), desk.causes()) == ("active", set())


def test_the_audit_lists_open_cases_with_both_sides(desk: Desk) -> None:
    case(desk)
    case(desk, "m1-Up", "balance")
    close(desk, "m1-Up", "balance")

    listed = [(each.what.partition(": ")[2], each.told, each.computed) for each in read_cases(desk.connection)]

    assert listed == [("order 0xa", Decimal(10), Decimal(0))]


def test_a_case_is_open_once_and_told_once_and_may_open_again(desk: Desk) -> None:
    assert [case(desk), case(desk)] == [True, False]
    assert [close(desk), close(desk)] == [True, False]
    assert case(desk) is True

    assert desk.one("select count(*) from unexplained_case") == 2
    assert len(alerts(desk)) == 2


def test_true_books_differ_nowhere_and_a_tampered_one_is_named_with_both_sides(desk: Desk) -> None:
    order = desk.placed()
    desk.fill(order, "t1", "8", status="confirmed")
    assert desk.rows("select * from ledger_difference") == []

    desk.connection.execute("begin")
    desk.connection.execute("update orders set filled = filled + 1")
    desk.connection.execute("update positions set shares = shares - 1")
    found = desk.rows("select subject, ours, theirs from ledger_difference order by subject")
    desk.connection.execute("rollback")

    assert found == [(f"order {order}", Decimal(9), Decimal(8)), ("position m1-Up", Decimal(7), Decimal(8))]
