"""Tokens on their way to cash: one at a time, never back, and no money counted for it."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any

import psycopg
import pytest

from tests.integration.db.desk import ACCOUNT, END, LEASE, Desk

pytestmark = pytest.mark.servers
FIRST = f"{ACCOUNT}/m1/redeem/0"


def request(desk: Desk, action: str = "redeem", cash: str = "20", market: str = "m1") -> str | None:
    return desk.one(
        "select request_redemption(%s, %s, %s::redemption_action, %s, %s, 'settlement')",
        ACCOUNT, market, action, Decimal(cash), END,
    )  # fmt: skip


def sign(desk: Desk, redemption: str = FIRST, body: bytes = b"signed", epoch: int | None = None) -> bool:
    return desk.one(
        "select sign_redemption(%s, 0, %s, %s, %s, %s)",
        redemption, body, END + timedelta(minutes=10), LEASE, desk.epoch if epoch is None else epoch,
    )  # fmt: skip


def move(
    desk: Desk, status: str, transaction: str | None = None, redemption: str = FIRST, epoch: int | None = None
) -> str:
    return desk.one(
        "select move_redemption(%s, %s::redemption_status, %s, 'told', %s, %s, %s)::text",
        redemption, status, transaction, END, LEASE, desk.epoch if epoch is None else epoch,
    )  # fmt: skip


def commands(desk: Desk, action: str = "redeem") -> list[dict[str, Any]]:
    return desk.facts(f"settlement.{action}.v1")


def test_a_request_is_a_row_and_a_command_in_one_commit(desk: Desk) -> None:
    assert request(desk, "merge", "7") == f"{ACCOUNT}/m1/merge/0"
    (told,) = commands(desk, "merge")
    assert (told["redemption_id"], told["cash"], told["attempt"]) == (f"{ACCOUNT}/m1/merge/0", "7", 0)
    assert desk.one("select status::text from redemption") == "requested"


def test_a_market_has_one_under_way(desk: Desk) -> None:
    assert request(desk) == FIRST
    assert [request(desk), request(desk, "merge")] == [None, None]
    assert len(commands(desk)) == 1
    desk.add_market("m2")
    assert request(desk, market="m2") == f"{ACCOUNT}/m2/redeem/0"


def test_after_a_failure_the_next_try_has_a_name_of_its_own(desk: Desk) -> None:
    request(desk)
    move(desk, "failed")
    assert request(desk) == f"{ACCOUNT}/m1/redeem/1"
    assert [told["attempt"] for told in commands(desk)] == [0, 1]


def test_the_first_signed_bytes_stay(desk: Desk) -> None:
    request(desk)
    assert [sign(desk), sign(desk, body=b"others")] == [True, False]
    assert desk.one("select signed_calls from redemption") == b"signed"


def test_nothing_is_signed_for_what_is_over(desk: Desk) -> None:
    request(desk)
    move(desk, "proven")
    assert not sign(desk)


def test_a_status_only_moves_forward(desk: Desk) -> None:
    request(desk)
    sign(desk)
    assert [move(desk, "submitted", "t1"), move(desk, "submitted", "t2")] == ["submitted", "submitted"]
    assert desk.one("select transaction_id from redemption") == "t1"
    assert [move(desk, "proven"), move(desk, "failed"), move(desk, "submitted", "t3")] == ["proven"] * 3
    assert desk.one("select (transaction_id, closed_at) = ('t1', %s) from redemption", END)


def test_submitted_needs_the_transactions_name(desk: Desk) -> None:
    request(desk)
    with pytest.raises(psycopg.errors.CheckViolation):
        move(desk, "submitted")


def test_a_holder_whose_lease_has_passed_on_moves_nothing(desk: Desk) -> None:
    request(desk)
    for write in (lambda: sign(desk, epoch=desk.epoch + 1), lambda: move(desk, "proven", epoch=desk.epoch + 1)):
        with pytest.raises(psycopg.Error, match="no longer held"):
            write()
    assert desk.one("select status::text from redemption") == "requested"


def test_cash_is_counted_at_the_settlement_alone(desk: Desk) -> None:
    desk.fill(desk.placed(shares="20"), shares="20", status="confirmed")
    desk.swept_past_the_end()
    desk.settle("Up")
    books = "select array_agg(to_jsonb(b) order by b.book) from ledger_balance b"
    before = (desk.one(books), desk.exposure(), desk.profit())
    request(desk)
    sign(desk)
    move(desk, "submitted", "t1")
    move(desk, "proven")
    assert (desk.one(books), desk.exposure(), desk.profit()) == before


@pytest.mark.parametrize(
    ("role", "statement"),
    [
        ("settlement", "select move_redemption('r', 'proven', null, '', now())"),
        ("settlement", "select sign_redemption('r', 0, 'x', now())"),
        ("executor", "select request_redemption('a', 'm', 'redeem', 1, now(), 'x')"),
        ("executor", "update redemption set status = 'proven'"),
    ],
)
def test_settlement_asks_and_the_executor_does(desk: Desk, role: str, statement: str) -> None:
    desk.connection.execute(f"set role tdmaker_{role}".encode())
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        desk.connection.execute(statement.encode())
    desk.connection.execute("reset role")
