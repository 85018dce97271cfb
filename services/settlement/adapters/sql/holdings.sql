-- What was matched and not yet confirmed is no token yet: such a market waits.
select m.market_id, m.slug, g.settled_kind = 'venue' and held.open_shares = 0, held.payable, held.pairs,
       coalesce(tried.turned, 0), coalesce(tried.is_under_way, false), coalesce(tried.failures, 0), tried.failed_at
from market_guard g join market m using (market_id),
lateral (select coalesce(sum(p.settled_shares * coalesce(p.settled_payout, 0)), 0) as payable,
                coalesce(sum(p.shares), 0) as open_shares,
                case when count(*) < 2 then 0
                     else greatest(0, min(p.settled_shares + least(p.shares, p.confirmed_shares))) end as pairs
         from positions p where p.account_id = g.account_id and p.market_id = g.market_id) held
left join lateral (
    select sum(r.cash) filter (where r.status = 'proven') as turned,
           bool_or(r.status in ('requested', 'submitted')) as is_under_way,
           count(*) filter (where r.status = 'failed' and r.closed_at > coalesce(
               (select max(closed_at) from redemption proven
                where proven.account_id = g.account_id and proven.market_id = g.market_id and proven.status = 'proven'),
               '-infinity')) as failures,
           max(r.closed_at) filter (where r.status = 'failed') as failed_at
    from redemption r where r.account_id = g.account_id and r.market_id = g.market_id) tried on true
where g.account_id = %(account)s and m.slot_end <= %(now)s and (held.payable > 0 or held.pairs >= 1)
  and not exists (select 1 from fill f
                  where f.account_id = g.account_id and f.market_id = g.market_id and f.status = 'provisional')
order by m.slot_end, m.market_id
