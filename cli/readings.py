"""Everything the command line reads from the tables."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any, LiteralString

import psycopg
from psycopg.rows import TupleRow, dict_row

Row = dict[str, Any]
Connection = psycopg.Connection[TupleRow]

LATEST_MARKET_END: LiteralString = "select max(slot_end) from market where venue = %s"

PROGRESS: LiteralString = """
select (select count(*) from market where venue = a.venue and recorded_at >= %(since)s) as markets,
       (select count(*) from orders o where o.account_id = a.account_id and recorded_at >= %(since)s) as orders,
       (select count(*) from orders o where o.account_id = a.account_id
           and status not in ('filled', 'cancelled', 'rejected', 'expired')) as open_orders,
       (select count(*) from fill f where f.account_id = a.account_id and recorded_at >= %(since)s
           and status <> 'failed') as fills,
       (select min(recorded_at) from fill f where f.account_id = a.account_id and recorded_at >= %(since)s
           and status <> 'failed') as first_fill_at,
       (select count(distinct market_id) from settlement s where s.account_id = a.account_id
           and recorded_at >= %(since)s) as settled,
       (select coalesce(sum(profit), 0) from settlement s where s.account_id = a.account_id
           and recorded_at >= %(since)s) as profit,
       (select count(*) from positions p where p.account_id = a.account_id and p.shares > 0) as positions,
       (select coalesce(sum(overrides), 0) from positions p where p.account_id = a.account_id
           and exists (select 1 from fill f where (f.account_id, f.market_id, f.token_id)
                         = (p.account_id, p.market_id, p.token_id) and f.recorded_at >= %(since)s)) as overrides,
       r.wins, r.losses, s.shadow_wins, s.shadow_losses, s.shadow_unfilled, s.shadow_profit,
       coalesce(b.losses_in_a_row, 0) as losses_in_a_row, b.max_losses,
       case when b.tripped_at is not null then b.reason end as breaker_reason,
       open_cost + reserved as exposure, exposure_peak, trading_state::text as trading_state
from account a left join breaker b using (account_id),
    lateral (select count(*) filter (where profit > 0) as wins, count(*) filter (where profit < 0) as losses
             from position_result r where r.account_id = a.account_id and recorded_at >= %(since)s) r,
    lateral (select count(*) filter (where result = 'won') as shadow_wins,
                    count(*) filter (where result in ('lost', 'stopped')) as shadow_losses,
                    count(*) filter (where result in ('no_ask', 'missed')) as shadow_unfilled,
                    coalesce(sum(profit), 0) as shadow_profit
             from shadow_entry s where s.account_id = a.account_id and recorded_at >= %(since)s) s
where account_id = %(account)s
"""

CURRENT_OUTCOMES: LiteralString = """
select m.coin, extract(epoch from m.slot_end - m.slot_start)::int / 60 as minutes, o.outcome, o.token_id as token
from market m join market_outcome o using (market_id)
where m.venue = %(venue)s and m.slot_start <= domain_now() and m.slot_end > domain_now()
order by m.coin, minutes, m.slot_start, o.position
"""

ACCOUNTS: LiteralString = """
select account_id as account, trading_state::text as trading_state, max_exposure, open_cost, reserved,
       max_exposure - open_cost - reserved as headroom, exposure_peak,
       (select count(*) from orders o where o.account_id = a.account_id
           and status not in ('filled', 'cancelled', 'rejected', 'expired')) as open_orders,
       (select count(*) from positions p where p.account_id = a.account_id and p.shares > 0) as positions,
       (select count(*) from unmatched_fill u where u.account_id = a.account_id and resolved_at is null)
           as unmatched_fills,
       (select jsonb_build_object('wins', count(*) filter (where profit > 0),
                                  'losses', count(*) filter (where profit < 0),
                                  'profit', coalesce(sum(profit), 0)::text)
        from position_result r where r.account_id = a.account_id) as maker,
       (select jsonb_build_object('wins', count(*) filter (where result = 'won'),
                                  'losses', count(*) filter (where result in ('lost', 'stopped')),
                                  'profit', coalesce(sum(profit), 0)::text,
                                  'open', count(*) filter (where result = 'open'),
                                  'no_ask', count(*) filter (where result = 'no_ask'),
                                  'missed', count(*) filter (where result = 'missed'))
        from shadow_entry s where s.account_id = a.account_id) as shadow,
       coalesce((select jsonb_agg(jsonb_build_object('cause', cause, 'state', state, 'detail', detail) order by cause)
                 from trading_cause c where c.account_id = a.account_id), '[]'::jsonb) as causes
from account a order by account_id
"""

ORDERS: LiteralString = """
select o.account_id as account, m.slug as market, o.outcome, o.side::text as side, o.purpose::text as purpose,
       o.price, o.shares, o.filled, o.status::text as status, o.status_reason as reason, o.order_id as order,
       o.venue_order_id as venue_order, o.occurred_at, o.recorded_at
from orders o join market m using (market_id)
where %(all)s or o.status not in ('filled', 'cancelled', 'rejected', 'expired')
order by o.recorded_at desc limit %(limit)s
"""

POSITIONS: LiteralString = """
select p.account_id as account, m.slug as market, p.outcome, p.shares, p.confirmed_shares, p.cost,
       case when p.shares > 0 then round(p.cost / p.shares, 4) end as average_price, p.fees, p.realised,
       p.settled_payout as payout, p.filled_at, m.slot_end as ends_at
from positions p join market m using (market_id)
where %(all)s or p.shares > 0
order by m.slot_end desc, m.slug limit %(limit)s
"""

PROFIT_BY_DAY: LiteralString = """
with booked as (
    select account_id, utc_day(occurred_at) as day, count(distinct market_id) as markets, sum(fees) as fees,
           sum(profit) as profit
    from settlement group by 1, 2),
closed as (
    select account_id, utc_day(closed_at) as day, count(*) filter (where profit > 0) as wins,
           count(*) filter (where profit < 0) as losses
    from position_result group by 1, 2),
shadow as (
    select account_id, utc_day(settled_at) as day, count(*) filter (where result = 'won') as shadow_wins,
           count(*) filter (where result <> 'won') as shadow_losses, sum(profit) as shadow_profit
    from shadow_entry where profit is not null group by 1, 2)
select account_id as account, day, coalesce(markets, 0) as markets, coalesce(wins, 0) as wins,
       coalesce(losses, 0) as losses, coalesce(fees, 0) as fees, coalesce(profit, 0) as profit,
       coalesce(shadow_wins, 0) as shadow_wins, coalesce(shadow_losses, 0) as shadow_losses,
       coalesce(shadow_profit, 0) as shadow_profit
from booked full join closed using (account_id, day) full join shadow using (account_id, day)
order by day desc, account_id limit %(limit)s
"""

BREAKERS: LiteralString = """
select a.account_id as account, b.tripped_at is not null as tripped, coalesce(b.reason, '') as reason, b.tripped_at,
       coalesce(b.session_profit, 0) as session_profit, b.max_drawdown,
       coalesce(b.losses_in_a_row, 0) as losses_in_a_row, b.max_losses,
       breaker_day_profit(a.account_id, utc_day(domain_now())) as day_profit, b.daily_limit, b.reset_at
from account a left join breaker b using (account_id)
where a.account_id = any(%(accounts)s) order by a.account_id
"""


@dataclass(frozen=True, slots=True)
class Progress:
    """What one run has done so far. Money in dollars; `first_fill_at` is wall time. Wins and losses are of closed
    positions and of the shadow; `shadow_unfilled` had no ask. `overrides` counts sales that fair value held back.
    `breaker_reason` is None unless it tripped."""

    markets: int = 0
    orders: int = 0
    open_orders: int = 0
    fills: int = 0
    first_fill_at: datetime | None = None
    settled: int = 0
    profit: Decimal = Decimal(0)
    positions: int = 0
    wins: int = 0
    losses: int = 0
    overrides: int = 0
    shadow_wins: int = 0
    shadow_losses: int = 0
    shadow_unfilled: int = 0
    shadow_profit: Decimal = Decimal(0)
    losses_in_a_row: int = 0
    max_losses: int | None = None
    breaker_reason: str | None = None
    exposure: Decimal = Decimal(0)
    exposure_peak: Decimal = Decimal(0)
    trading_state: str = "unknown"


@dataclass(frozen=True, slots=True)
class CurrentOutcome:
    """An outcome of a market whose slot runs now; `minutes` is the slot's length."""

    coin: str
    minutes: int
    outcome: str
    token: str


def connect(postgres_url: str) -> Connection:
    """Raises psycopg.OperationalError."""
    return psycopg.connect(postgres_url, autocommit=True, connect_timeout=5)


def latest_market_end(connection: Connection, venue: str) -> datetime | None:
    return scalar(connection, LATEST_MARKET_END, (venue,))


def progress(connection: Connection, account: str, since: datetime) -> Progress:
    """Of one account since a wall instant; nothing before the account exists."""
    found = rows(connection, PROGRESS, {"account": account, "since": since})
    return Progress(**found[0]) if found else Progress()


def current_outcomes(connection: Connection, venue: str) -> list[CurrentOutcome]:
    return [CurrentOutcome(**row) for row in rows(connection, CURRENT_OUTCOMES, {"venue": venue})]


def rows(connection: Connection, query: LiteralString, parameters: Any = None) -> list[Row]:
    """All rows by column name."""
    with connection.cursor(row_factory=dict_row) as cursor:
        return cursor.execute(query, parameters).fetchall()


def scalar(connection: Connection, query: LiteralString, parameters: Any = None) -> Any:
    """The first column of the first row, None without one."""
    row = connection.execute(query, parameters).fetchone()
    return None if row is None else row[0]
