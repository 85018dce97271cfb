"""The audit finds nothing in true books (every database test is held to that), and whatever was tampered with."""

from __future__ import annotations

from collections.abc import Iterator
from typing import LiteralString

import pytest

from cli.audit import audit, read_books
from tests.integration.db.desk import ACCOUNT, Desk, order_name

TAMPERED: list[tuple[LiteralString, str]] = [
    ("update orders set filled = filled + 1", "filled"),
    ("update orders set reserved = reserved + 1", "reserved"),
    ("update account set reserved = reserved + 1", "reserved"),
    ("update account set open_cost = open_cost - 0.000001", "open cost"),
    ("update positions set shares = shares + 0.01", "shares"),
    ("update positions set cost = cost + 0.000001", "cost"),
    ("update positions set fees = fees + 0.00001", "fees"),
    ("update positions set realised = realised - 1", "realised"),
    ("update position_leg set shares = shares + 1", "leg"),
    ("update position_leg set cost = cost + 1", "leg"),
    ("update fill set shares = shares + 0.01", "filled"),
    ("update fill set price = price - 0.01", "dollars moved"),
    ("update fill set status = 'failed'", "filled"),
    ("update settlement set profit = profit + 0.01", "realised"),
    ("update settlement set shares = shares - 1", "shares"),
    ("update ledger_entry set amount = amount + 1 where event = 'fill' and debit = 'inventory'", "ledger"),
    ("update ledger_entry set amount = amount + 1 where event = 'settle' and debit = 'cash'", "ledger"),
    ("delete from ledger_entry where event = 'release'", "reserved"),
    ("delete from fill", "filled"),
]


@pytest.fixture
def settled(postgres_database: str) -> Iterator[Desk]:
    """Two purchases of one order each in two markets: one settled as won, the other still open."""
    desk = Desk.opened(postgres_database)
    desk.add_market("m2")
    for market in ("m1", "m2"):
        order = desk.placed(market=market)
        desk.fill(order, f"{market}-a", "8", fee="0.01")
        desk.fill(order, f"{market}-b", "7", status="confirmed")
    desk.event(order_name("m1", "Up", 0, 0), "cancelled")
    desk.swept_past_the_end()
    assert desk.settle() == "settled"
    yield desk
    desk.close()


def test_true_books_differ_in_nothing(settled: Desk) -> None:
    assert settled.differences() == []


@pytest.mark.parametrize(("tampering", "word"), TAMPERED, ids=[statement for statement, _ in TAMPERED])
def test_whatever_was_tampered_with_is_found(settled: Desk, tampering: LiteralString, word: str) -> None:
    settled.connection.execute("set session_replication_role = replica")
    changed = settled.connection.execute(tampering)
    assert changed.rowcount > 0
    found = audit(read_books(settled.connection))
    assert any(word in difference.what for difference in found)
    assert all(difference.account == ACCOUNT for difference in found)
