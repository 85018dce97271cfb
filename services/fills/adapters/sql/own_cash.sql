with statement as (select cash, entry_id, fill_id from cash_statement where account_id = %(account)s),
entry as (
    select entry_id, case when (debit in ('cash', 'reserved')) = (credit in ('cash', 'reserved')) then 0
                          when debit in ('cash', 'reserved') then amount else -amount end * 1000000 as units
    from ledger_entry
    where account_id = %(account)s and entry_id > coalesce((select entry_id from statement), 0)),
moved as (select coalesce(sum(units), 0) as units, max(entry_id) as newest from entry),
since as (
    select count(*) filter (where liquidity = 'taker') as taken, max(fill_id) as newest,
           count(*) filter (where mod(price * shares, 0.000001) <> 0) as odd
    from fill where account_id = %(account)s and fill_id > coalesce((select fill_id from statement), 0)),
under_way as (
    select coalesce(sum(price * shares + fee) filter (where side = 'BUY'), 0) as spent,
           coalesce(sum(price * shares) filter (where side = 'SELL'), 0) as earned
    from fill where account_id = %(account)s and status = 'provisional'),
undecided as (
    select sum(p.settled_shares * coalesce(p.settled_payout, 0)) as booked, max(p.shares + p.settled_shares) as most
    from market_guard g join market m using (market_id) join positions p using (account_id, market_id)
    where g.account_id = %(account)s and g.settled_kind is distinct from 'venue' and m.slot_end <= %(domain_now)s
    group by market_id
    union all
    select 0, p.shares from positions p join market_guard g using (account_id, market_id)
    where p.account_id = %(account)s and p.shares > 0 and g.settled_kind = 'venue'),
payout as (
    select p.token_id, m.protocol_version, p.settled_payout,
           p.settled_shares * p.settled_payout - p.paid_out as unpaid,
           row_number() over (order by m.slot_end, p.token_id) as place
    from positions p join market_guard g using (account_id, market_id) join market m using (market_id)
    where p.account_id = %(account)s and p.settled_shares * p.settled_payout > p.paid_out and g.settled_kind = 'venue')
select
    (select (cash * 1000000)::bigint from statement),
    coalesce(moved.newest, (select entry_id from statement), 0),
    coalesce(since.newest, (select fill_id from statement), 0),
    floor(moved.units)::bigint,
    since.taken,
    since.odd + (mod(moved.units, 1) <> 0)::int,
    ceil(under_way.spent * 1000000)::bigint,
    ceil(under_way.earned * 1000000)::bigint,
    (select coalesce(ceil(sum(booked) * 1000000), 0)::bigint from undecided),
    (select coalesce(ceil(sum(most) * 1000000), 0)::bigint from undecided),
    (select coalesce(jsonb_agg(jsonb_build_array(token_id, protocol_version, ceil(unpaid * 1000000)::bigint,
                                                 ceil(settled_payout * 1000000)::bigint) order by place), '[]')
     from payout where place <= %(most_asked)s),
    (select coalesce(ceil(sum(unpaid) * 1000000), 0)::bigint from payout where place > %(most_asked)s),
    moved.newest is not null or since.newest is not null or not exists (select 1 from statement)
from moved, since, under_way
