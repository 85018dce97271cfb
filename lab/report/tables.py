"""A report's record from the tables of a running or stopped system."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from decimal import Decimal
from typing import Any, LiteralString

import psycopg
from psycopg.rows import TupleRow, dict_row

from lab.report.record import SYNTHETIC, Entry, Record, Refusals, Trade, in_order
from shared.domain.ids import OrderId
from shared.domain.money import Cash, Price, Shares

Row = dict[str, Any]
Connection = psycopg.Connection[TupleRow]

ACCOUNTS: LiteralString = """
select account_id, venue, mode from account a
order by (select max(recorded_at) from orders o where o.account_id = a.account_id) desc nulls last, account_id
"""

CLOSED: LiteralString = """
select r.market_id, r.token_id, m.slug, m.coin, p.outcome, r.closed_at, r.profit, p.settled_payout as payout,
       (select coalesce(sum(fees), 0) from settlement s where s.account_id = r.account_id
           and s.market_id = r.market_id and s.token_id = r.token_id) as fees,
       exists (select from settlement s where s.account_id = r.account_id and s.market_id = r.market_id
           and s.token_id = r.token_id and s.kind = 'sale') as left_early,
       (select profit from shadow_entry s where s.account_id = r.account_id and s.market_id = r.market_id
           and s.token_id = r.token_id) as shadow_profit
from position_result r join positions p using (account_id, market_id, token_id) join market m using (market_id)
where r.account_id = %(account)s
"""

# Fair value as the decision had it that placed the order, where a filter had asked for it.
ENTRIES: LiteralString = """
select f.market_id, f.token_id, f.occurred_at, f.order_id, o.rung, f.price, f.shares,
       round(extract(epoch from f.occurred_at - m.slot_start) / 60, 4) as minute, d.fair_value
from fill f join orders o using (order_id) join market m on m.market_id = f.market_id
left join lateral (
    select (coalesce(last_look, first_look) -> 'inputs' ->> 'fair_value')::numeric as fair_value
    from decision d where d.account_id = f.account_id and d.market_id = f.market_id and d.outcome = f.outcome
      and d.verdict = 'placed' and d.first_at <= o.occurred_at
    order by d.first_at desc limit 1) d on true
where f.account_id = %(account)s and f.side = 'BUY' and f.status <> 'failed'
order by f.occurred_at, f.fill_id
"""

REFUSALS: LiteralString = """
select reason, repeats, last_at from decision where account_id = %(account)s and verdict = 'refused'
order by last_at, market_id, outcome, reason
"""

COUNTS: LiteralString = """
select (select count(*) from positions where account_id = %(account)s and shares >= 0.01) as unsettled,
       (select count(*) from shadow_entry where account_id = %(account)s and result in ('no_ask', 'missed'))
           as without_ask,
       (select coalesce(string_agg(distinct s.source, ', ' order by s.source), 'none yet')
        from strike s join positions p using (market_id) where p.account_id = %(account)s) as sources
"""

MODES = {"paper": "paper, fills simulated", "live": "live, fills by the venue"}
SIMULATOR = "sim"


class NoAccountError(Exception):
    """There is no such account; one line names those that there are."""


def read_tables(tables: Connection, account: str | None = None) -> Record:
    """Of the account named, else of the one that ordered last. Raises NoAccountError, psycopg.Error."""
    chosen, others = _account(tables, account)
    wanted = {"account": chosen["account_id"]}
    (counts,) = _rows(tables, COUNTS, wanted)
    return Record(
        source=f"account {chosen['account_id']}",
        mode=MODES[chosen["mode"]] + (" at the simulator" if chosen["venue"] == SIMULATOR else ""),
        prices=counts["sources"],
        warning=SYNTHETIC if "synthetic" in counts["sources"] else "",
        trades=in_order(_trades(_rows(tables, CLOSED, wanted), _entries(_rows(tables, ENTRIES, wanted)))),
        refusals=tuple(
            Refusals(row["reason"], row["repeats"], row["last_at"]) for row in _rows(tables, REFUSALS, wanted)
        ),
        unsettled=counts["unsettled"],
        shadows_without_ask=counts["without_ask"],
        notes=tuple(f"Not in this report: account {each}." for each in others),
    )


def _account(tables: Connection, name: str | None) -> tuple[Row, list[str]]:
    rows = _rows(tables, ACCOUNTS, {})
    names = [row["account_id"] for row in rows]
    if not rows:
        raise NoAccountError("these tables hold no account yet; `./tdmaker up` opens one")
    if name is not None and name not in names:
        raise NoAccountError(f"{name}: no such account; there is {', '.join(names)}")
    chosen = next(row for row in rows if name in {None, row["account_id"]})
    return chosen, [each for each in names if each != chosen["account_id"]]


def _trades(rows: Iterable[Row], entries: dict[tuple[str, str], list[Entry]]) -> Iterable[Trade]:
    """A position whose purchases all failed was none."""
    for row in rows:
        bought = entries.get((row["market_id"], row["token_id"]))
        if bought:
            yield _trade(row, tuple(bought))


def _trade(row: Row, entries: tuple[Entry, ...]) -> Trade:
    shadow = row["shadow_profit"]
    return Trade(
        market=row["slug"],
        coin=row["coin"],
        outcome=row["outcome"],
        closed_at=row["closed_at"],
        entries=entries,
        profit=Cash(row["profit"]),
        fees=Cash(row["fees"]),
        payout=row["payout"],
        left_early=row["left_early"],
        shadow_profit=None if shadow is None else Cash(shadow),
    )


def _entries(rows: Iterable[Row]) -> dict[tuple[str, str], list[Entry]]:
    found: defaultdict[tuple[str, str], list[Entry]] = defaultdict(list)
    for row in rows:
        found[row["market_id"], row["token_id"]].append(
            Entry(
                at=row["occurred_at"],
                order=OrderId(row["order_id"]),
                rung=row["rung"],
                price=Price(row["price"]),
                shares=Shares(row["shares"]),
                minute=Decimal(row["minute"]),
                fair_value=row["fair_value"],
            )
        )
    return found


def _rows(tables: Connection, query: LiteralString, parameters: Row) -> list[Row]:
    with tables.cursor(row_factory=dict_row) as cursor:
        return cursor.execute(query, parameters).fetchall()
