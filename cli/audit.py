"""Every account's books computed anew from what happened, and held against what the tables say.

From orders, fills, settlements and the ledger's entries alone, in exact decimals; the functions that keep the books
have no part in it.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, LiteralString

from cli.readings import Connection, rows

NOTHING = Decimal(0)
Row = Mapping[str, Any]
Sums = dict[Any, Decimal]

ACCOUNTS: LiteralString = "select account_id, open_cost, reserved from account order by 1"
ORDERS: LiteralString = "select account_id, order_id, filled, reserved, price, shares from orders order by order_id"
FILLS: LiteralString = """
select account_id, order_id, market_id, token_id, side::text, price, shares, fee, fill_id from fill
where status <> 'failed'
"""
POSITIONS: LiteralString = "select * from positions order by account_id, market_id, token_id"
LEGS: LiteralString = "select account_id, order_id, shares, cost from position_leg order by order_id"
SETTLEMENTS: LiteralString = "select account_id, market_id, token_id, shares, cost, fees, profit from settlement"
ENTRIES: LiteralString = """
select account_id, debit::text, credit::text, amount, market_id, order_id, fill_id from ledger_entry
"""
CASES: LiteralString = """
select account_id, 'case ' || case_id || ': ' || kind || ' ' || subject as what,
       coalesce((ours #>> '{}')::numeric, 0) / 1000000 as ours,
       coalesce((theirs #>> '{}')::numeric, 0) / 1000000 as theirs
from unexplained_case where closed_at is null order by case_id
"""


@dataclass(frozen=True, slots=True)
class Books:
    """The tables as read in one transaction."""

    accounts: Sequence[Row]
    orders: Sequence[Row]
    fills: Sequence[Row]
    positions: Sequence[Row]
    legs: Sequence[Row]
    settlements: Sequence[Row]
    entries: Sequence[Row]


@dataclass(frozen=True, slots=True)
class Difference:
    """`told` is what the table says, `computed` what follows from what happened."""

    account: str
    what: str
    told: Decimal
    computed: Decimal


def read_books(connection: Connection) -> Books:
    """Raises psycopg.Error."""
    with connection.transaction():
        connection.execute("set transaction isolation level repeatable read, read only")
        tables = (ACCOUNTS, ORDERS, FILLS, POSITIONS, LEGS, SETTLEMENTS, ENTRIES)
        return Books(*(rows(connection, query) for query in tables))


def read_cases(connection: Connection) -> list[Difference]:
    """Open cases, as the running system keeps them: our side, and what the other side says. Raises psycopg.Error."""
    return [Difference(row["account_id"], row["what"], row["ours"], row["theirs"]) for row in rows(connection, CASES)]


def audit(books: Books) -> list[Difference]:
    """None where the books are true."""
    found = [
        *_orders(books),
        *_legs(books),
        *_positions(books),
        *_accounts(books),
        *_purchases(books),
    ]
    return [difference for difference in found if difference.told != difference.computed]


def _orders(books: Books) -> Iterator[Difference]:
    filled = _sum(books.fills, ("order_id",), lambda fill: fill["shares"])
    reserved = _sum(_moves(books.entries, "reserved"), ("order_id",), lambda move: move["amount"])
    for order in books.orders:
        name = order["order_id"]
        yield Difference(order["account_id"], f"order {name}: filled", order["filled"], filled[name,])
        yield Difference(order["account_id"], f"order {name}: reserved", order["reserved"], reserved[name,])


def _legs(books: Books) -> Iterator[Difference]:
    bought = _bought(books)
    shares = _sum(bought, ("order_id",), lambda fill: fill["shares"])
    cost = _sum(bought, ("order_id",), _notional)
    for leg in books.legs:
        name = leg["order_id"]
        yield Difference(leg["account_id"], f"leg {name}: shares", leg["shares"], shares[name,])
        yield Difference(leg["account_id"], f"leg {name}: cost", leg["cost"], cost[name,])


def _positions(books: Books) -> Iterator[Difference]:
    """What was bought is held, or was settled or sold; what a sale or settlement took is in its row."""
    key = ("account_id", "market_id", "token_id")
    bought = _bought(books)
    shares, cost = _sum(bought, key, lambda fill: fill["shares"]), _sum(bought, key, _notional)
    fees = _sum(books.fills, key, lambda fill: fill["fee"])
    gone = {name: _sum(books.settlements, key, _column(name)) for name in ("shares", "cost", "fees", "profit")}
    for position in books.positions:
        at = tuple(position[name] for name in key)
        account, name = position["account_id"], f"position {position['outcome']} in {position['market_id']}"
        yield Difference(account, f"{name}: shares", position["shares"], shares[at] - gone["shares"][at])
        yield Difference(account, f"{name}: cost", position["cost"], cost[at] - gone["cost"][at])
        yield Difference(account, f"{name}: fees", position["fees"], fees[at] - gone["fees"][at])
        yield Difference(account, f"{name}: realised", position["realised"], gone["profit"][at])


def _accounts(books: Books) -> Iterator[Difference]:
    key = ("account_id",)
    reserved = _sum(_moves(books.entries, "reserved"), key, _column("amount"))
    inventory = _sum(_moves(books.entries, "inventory"), key, _column("amount"))
    orders, costs = _sum(books.orders, key, _column("reserved")), _sum(books.positions, key, _column("cost"))
    earned = _sum([*_moves(books.entries, "profit"), *_moves(books.entries, "fees")], key, _column("amount"))
    profit, fees = _sum(books.settlements, key, _column("profit")), _sum(books.positions, key, _column("fees"))
    for account in books.accounts:
        name = account["account_id"]
        at = (name,)
        yield Difference(name, "account: reserved, by its orders", account["reserved"], orders[at])
        yield Difference(name, "account: reserved, by the ledger", account["reserved"], reserved[at])
        yield Difference(name, "account: open cost, by its positions", account["open_cost"], costs[at])
        yield Difference(name, "account: open cost, by the ledger", account["open_cost"], inventory[at])
        yield Difference(name, "account: profit booked less fees, by the ledger", profit[at] - fees[at], -earned[at])


def _purchases(books: Books) -> Iterator[Difference]:
    """Each purchase moved its dollars into the inventory, once."""
    moved = _sum(_moves(books.entries, "inventory"), ("fill_id",), _column("amount"))
    for fill in _bought(books):
        name = f"fill {fill['fill_id']} of order {fill['order_id']}: dollars moved"
        yield Difference(fill["account_id"], name, moved[fill["fill_id"],], _notional(fill))


def _bought(books: Books) -> list[Row]:
    return [fill for fill in books.fills if fill["side"] == "BUY"]


def _moves(entries: Iterable[Row], book: str) -> Iterator[Row]:
    """The entries of one book: a debit adds to it, a credit takes."""
    for entry in entries:
        if entry["debit"] == book:
            yield entry
        if entry["credit"] == book:
            yield {**entry, "amount": -entry["amount"]}


def _sum(found: Iterable[Row], key: Sequence[str], amount: Callable[[Row], Decimal]) -> Sums:
    sums: Sums = defaultdict(lambda: NOTHING)
    for row in found:
        sums[tuple(row[name] for name in key)] += amount(row)
    return sums


def _column(name: str) -> Callable[[Row], Decimal]:
    return lambda row: row[name]


def _notional(fill: Row) -> Decimal:
    return fill["price"] * fill["shares"]
