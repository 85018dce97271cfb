"""What was traded in each slot of a recording, in the words that a replay and a paper run have in common."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any, LiteralString

import psycopg
from psycopg.rows import TupleRow, dict_row

from lab.replay.run import Outcome
from lab.replay.slots import Playable

Connection = psycopg.Connection[TupleRow]
Rows = dict[str, list[dict[str, Any]]]
Answer = tuple[str, str, str]
"""Outcome, verdict, reason."""

ACCOUNT: LiteralString = """
select account_id from account a
order by (select max(recorded_at) from orders o where o.account_id = a.account_id) desc nulls last, account_id limit 1
"""
MARKETS: LiteralString = "select market_id, coin, slug, slot_start, slot_end from market order by slot_start, slug"
DECISIONS: LiteralString = """
select market_id, outcome, verdict, reason, sum(repeats)::bigint as looks from decision where account_id = %(account)s
group by market_id, outcome, verdict, reason order by market_id, outcome, verdict, reason
"""
ORDERS: LiteralString = """
select market_id, outcome, side::text, price, shares, occurred_at as at from orders where account_id = %(account)s
order by occurred_at, order_id
"""
FILLS: LiteralString = """
select market_id, outcome, side::text, price, shares, occurred_at as at from fill
where account_id = %(account)s and status <> 'failed' order by occurred_at, fill_id
"""
RESULTS: LiteralString = """
select market_id, sum(profit) as profit from position_result where account_id = %(account)s group by market_id
"""


@dataclass(frozen=True, slots=True)
class Act:
    """An order or a fill; `seconds` of domain time into the slot."""

    outcome: str
    side: str
    price: Decimal
    shares: Decimal
    seconds: Decimal


@dataclass(slots=True)
class Traded:
    """Of one market. `profit` None: no position was closed."""

    slug: str
    answers: Counter[Answer] = field(default_factory=Counter[Answer])
    orders: list[Act] = field(default_factory=list[Act])
    fills: list[Act] = field(default_factory=list[Act])
    profit: Decimal | None = None


@dataclass(frozen=True, slots=True)
class Pair:
    run: Traded
    replayed: Traded


def replayed(outcome: Outcome, slots: Iterable[Playable]) -> dict[str, Traded]:
    """By slug. A position whose result the recording does not tell is not closed."""
    starts = {each.market.slug: each.market.start for each in slots}
    traded = {slug: Traded(slug) for slug in starts}
    records = outcome.records
    for each in records.decisions:
        traded[each.market].answers[each.outcome, each.verdict, each.reason] += each.repeats
    for order in records.orders:
        if order.change == "reserved":
            act = _act(order.outcome, order.side, order.price.value, order.shares.value, order.at, starts[order.market])
            traded[order.market].orders.append(act)
    for fill in records.fills:
        act = _act(fill.outcome, fill.side, fill.price.value, fill.shares.value, fill.at, starts[fill.market])
        traded[fill.market].fills.append(act)
    for result in records.settlements:
        if result.kind != "unresolved":
            known = traded[result.market]
            known.profit = (known.profit or Decimal(0)) + result.profit.value
    return traded


def pairs_of(tables: Connection, slots: Sequence[Playable], known: dict[str, Traded]) -> list[Pair]:
    """Of the account that ordered last. The simulator plays the slots of a coin and length one after another, over and
    over, so the tables' markets of that kind are, by their start, those slots in turn: it holds for the tables of one
    run, from its first market on."""
    found = tables.execute(ACCOUNT).fetchone()
    rows = _read(tables, "" if found is None else found[0])
    turns: dict[tuple[str, float], list[str]] = defaultdict(list)
    for slot in slots:
        turns[slot.market.coin, (slot.market.end - slot.market.start).total_seconds()].append(slot.market.slug)
    played: Counter[tuple[str, float]] = Counter()
    pairs: list[Pair] = []
    for row in rows["markets"]:
        kind = row["coin"], (row["slot_end"] - row["slot_start"]).total_seconds()
        turn = turns.get(kind)
        if turn:
            pairs.append(Pair(_traded(row, rows), known[turn[played[kind] % len(turn)]]))
            played[kind] += 1
    return pairs


def _read(tables: Connection, account: str) -> Rows:
    queries: dict[str, LiteralString] = {
        "markets": MARKETS, "decisions": DECISIONS, "orders": ORDERS, "fills": FILLS, "results": RESULTS
    }  # fmt: skip
    with tables.cursor(row_factory=dict_row) as cursor:
        return {name: cursor.execute(query, {"account": account}).fetchall() for name, query in queries.items()}


def _traded(market: dict[str, Any], rows: Rows) -> Traded:
    own = {name: [row for row in rows[name] if row["market_id"] == market["market_id"]] for name in rows}
    traded = Traded(market["slug"])
    for row in own["decisions"]:
        traded.answers[row["outcome"], row["verdict"], row["reason"]] += row["looks"]
    for kept, name in ((traded.orders, "orders"), (traded.fills, "fills")):
        kept += [
            _act(row["outcome"], row["side"], row["price"], row["shares"], row["at"], market["slot_start"])
            for row in own[name]
        ]
    traded.profit = next((row["profit"] for row in own["results"]), None)
    return traded


def _act(outcome: str, side: str, price: Decimal, shares: Decimal, at: datetime, start: datetime) -> Act:
    seconds = Decimal(str((at - start).total_seconds())).quantize(Decimal("0.001"))
    return Act(outcome, side, price, shares, seconds)
