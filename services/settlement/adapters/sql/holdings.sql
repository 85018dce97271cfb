-- Markets past their end of which something is still to become cash, or is becoming it. What was matched and not yet
-- confirmed is no token yet: such a market waits.
with held as (
    select p.market_id, sum(p.settled_shares * coalesce(p.settled_payout, 0)) as payable, sum(p.shares) as open_shares,
           case when count(*) < 2 then 0
                else greatest(0, min(p.settled_shares + least(p.shares, p.confirmed_shares))) end as pairs
    from positions p where p.account_id = %(account)s group by p.market_id
), tried as (
    select r.market_id, coalesce(sum(r.cash) filter (where r.status = 'proven'), 0) as turned,
           bool_or(r.status in ('requested', 'submitted')) as is_under_way,
           count(*) filter (where r.status = 'failed' and r.closed_at > coalesce(r.proven_at, '-infinity')) as failures,
           max(r.closed_at) filter (where r.status = 'failed') as failed_at
    from (select *, max(closed_at) filter (where status = 'proven') over (partition by market_id) as proven_at
          from redemption where account_id = %(account)s) r
    group by r.market_id
)
select m.market_id, m.slug, g.settled_kind = 'venue' and held.open_shares = 0, held.payable, held.pairs,
       coalesce(tried.turned, 0), coalesce(tried.is_under_way, false), coalesce(tried.failures, 0), tried.failed_at
from held join market m using (market_id)
join market_guard g on g.account_id = %(account)s and g.market_id = m.market_id
left join tried on tried.market_id = m.market_id
where m.slot_end <= %(now)s
  and (greatest(held.payable, held.pairs) > coalesce(tried.turned, 0) or tried.is_under_way)
  and not exists (select 1 from fill f
                  where f.account_id = %(account)s and f.market_id = m.market_id and f.status = 'provisional')
order by m.slot_end, m.market_id
