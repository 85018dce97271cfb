"""Our record against the simulator's own ledger: every order, fill, position and dollar on which the two disagree.

The simulator shares no code with us, so an agreement of both is evidence.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import psycopg

BASE_UNITS = Decimal(1_000_000)
FINAL_AT_VENUE = frozenset({"MATCHED", "INVALID"})

ORDERS = """
select venue_order_id, status::text, filled from orders
where account_id = %s and venue_order_id is not null
"""
FILLS = """
select f.trade_id, o.venue_order_id, f.price, sum(f.shares)
from fill f join orders o using (order_id) where f.account_id = %s and f.status <> 'failed' group by 1, 2, 3
"""
POSITIONS = "select token_id, sum(shares) from positions where account_id = %s group by 1"
CASH = "select coalesce(sum(balance), 0) from ledger_balance where account_id = %s and book in ('cash', 'reserved')"
SETTLED = """
select p.market_id, p.token_id, p.settled_payout from positions p
join market_guard g using (account_id, market_id) where p.account_id = %s and g.settled and p.settled_payout is not null
"""
AUDIT = """
select open_cost = positions_cost and open_cost = ledger_inventory and reserved = orders_reserved
   and reserved = ledger_reserved and ledger_profit = settled_profit from account_audit where account_id = %s
"""


@dataclass(frozen=True, slots=True)
class OwnRecord:
    """What our tables say. `cash_moved`: dollars since the first order, reserved ones still counted as cash."""

    orders: Mapping[str, tuple[str, Decimal]]
    fills: Mapping[tuple[str, str], Decimal]
    positions: Mapping[str, Decimal]
    cash_moved: Decimal
    settled: tuple[tuple[str, str, Decimal], ...]
    ledger_agrees: bool


def read_own_record(connection: psycopg.Connection, account: str) -> OwnRecord:
    """Raises psycopg.Error."""

    def rows(statement: Any) -> list[tuple[Any, ...]]:
        return connection.execute(statement, (account,)).fetchall()

    return OwnRecord(
        orders={str(order): (str(status), filled) for order, status, filled in rows(ORDERS)},
        fills={(str(trade), str(order)): shares for trade, order, _, shares in rows(FILLS)},
        positions={str(token): shares for token, shares in rows(POSITIONS)},
        cash_moved=rows(CASH)[0][0],
        settled=tuple((str(market), str(token), payout) for market, token, payout in rows(SETTLED)),
        ledger_agrees=all(bool(agrees) for (agrees,) in rows(AUDIT)),
    )


def live_differences(own: OwnRecord, referee: Mapping[str, Any], address: str, deposit: Decimal) -> list[str]:
    """One line a difference; `deposit` is what the venue gave the wallet before its first order, in dollars."""
    balance = _balance(referee, address)
    return [
        *_orders(own, referee, address),
        *_fills(own, _venue_fills(referee, address)),
        *_positions(own, balance),
        *_cash(own, balance, deposit),
        *_ledger(own),
    ]


def paper_differences(own: OwnRecord, referee: Mapping[str, Any]) -> list[str]:
    """Settlements that disagree with the simulator's resolutions, and a ledger that disagrees with itself."""
    winners = {market["condition_id"]: market["winning_asset_id"] for market in referee["markets"]}
    wrong = [
        f"market {market}: we paid {payout} a share of {token}, the winner is {winners.get(market)}"
        for market, token, payout in own.settled
        if payout != (1 if winners.get(market) == token else 0)
    ]
    return [*wrong, *_ledger(own)]


def _balance(referee: Mapping[str, Any], address: str) -> Mapping[str, Any]:
    held = {known.lower(): balance for known, balance in referee["balances"].items()}
    return held.get(address.lower(), {"collateral": "0", "tokens": {}})


def _orders(own: OwnRecord, referee: Mapping[str, Any], address: str) -> Iterable[str]:
    theirs = {o["order_id"]: o for o in referee["orders"] if o["address"].lower() == address.lower()}
    for order in sorted(theirs.keys() - own.orders.keys()):
        yield f"order {order} is at the venue and not in our table"
    for order, (status, filled) in sorted(own.orders.items()):
        known = theirs.get(order)
        if known is None:
            if status != "rejected":
                yield f"order {order} is {status} in our table and unknown to the venue"
        elif Decimal(known["size_matched"]) != filled:
            yield f"order {order}: we booked {filled}, the venue matched {known['size_matched']}"
        elif _is_final(status) != _is_final_at_venue(known["status"]):
            yield f"order {order} is {status} here and {known['status']} there"


def _is_final(status: str) -> bool:
    return status in {"filled", "cancelled", "rejected", "expired"}


def _is_final_at_venue(status: str) -> bool:
    return status in FINAL_AT_VENUE or status.startswith("CANCELED")


def _venue_fills(referee: Mapping[str, Any], address: str) -> dict[tuple[str, str], Decimal]:
    ours = {o["order_id"] for o in referee["orders"] if o["address"].lower() == address.lower()}
    fills: dict[tuple[str, str], Decimal] = {}
    for trade in referee["trades"]:
        if trade["status"] == "FAILED":
            continue
        parts = [(maker["order_id"], maker["matched_amount"]) for maker in trade["maker_orders"]]
        for order, shares in [*parts, (trade["taker_order_id"], trade["size"])]:
            if order in ours:
                fills[trade["id"], order] = fills.get((trade["id"], order), Decimal(0)) + Decimal(shares)
    return fills


def _fills(own: OwnRecord, theirs: Mapping[tuple[str, str], Decimal]) -> Iterable[str]:
    for key in sorted(own.fills.keys() | theirs.keys()):
        here, there = own.fills.get(key), theirs.get(key)
        if here != there:
            yield f"fill of order {key[1]} in trade {key[0]}: {here} shares here, {there} there"


def _positions(own: OwnRecord, balance: Mapping[str, Any]) -> Iterable[str]:
    theirs = {token: _base_units(held) for token, held in balance["tokens"].items()}
    for token in sorted(own.positions.keys() | theirs.keys()):
        here, there = own.positions.get(token, Decimal(0)), theirs.get(token, Decimal(0))
        if here != there:
            yield f"token {token}: {here} shares here, {there} there"


def _cash(own: OwnRecord, balance: Mapping[str, Any], deposit: Decimal) -> Iterable[str]:
    here, there = deposit + own.cash_moved, _base_units(balance["collateral"])
    if here != there:
        yield f"collateral: {here} dollars here, {there} there"


def _ledger(own: OwnRecord) -> Iterable[str]:
    if not own.ledger_agrees:
        yield "the account, its orders, its positions and its ledger do not agree with one another"


def _base_units(text: object) -> Decimal:
    """Balances come in whole base units, six decimals."""
    return Decimal(str(text)) / BASE_UNITS
