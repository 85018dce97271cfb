with live as (
    select market_id, protocol_version, slot_end <= %(domain_now)s as has_ended
    from market_guard join market using (market_id) where account_id = %(account)s and not settled),
own_order as (
    select o.* from orders o join live using (market_id)
    where o.account_id = %(account)s and o.venue_order_id is not null),
own_fill as (
    select f.*, o.venue_order_id
    from own_order o join fill f on f.account_id = o.account_id and f.market_id = o.market_id and f.order_id = o.order_id
    where f.status <> 'failed')
select
    (select min(occurred_at) - interval '1 minute' from own_order),
    (select coalesce(jsonb_agg(jsonb_build_array(venue_order_id, market_id, status, (shares * 1000000)::bigint,
                                                 time_in_force)), '[]') from own_order),
    (select coalesce(jsonb_agg(jsonb_build_array(venue_order_id, trade_id, shares)), '[]') from (
        select venue_order_id, trade_id, (sum(shares) * 1000000)::bigint as shares from own_fill group by 1, 2) f),
    (select coalesce(jsonb_agg(jsonb_build_array(
            token_id, market_id, (coalesce(p.shares + p.settled_shares, 0) * 1000000)::bigint, protocol_version,
            (coalesce(f.arriving, 0) * 1000000)::bigint, (coalesce(f.leaving, 0) * 1000000)::bigint, has_ended)), '[]')
     from live join market_outcome using (market_id)
     left join (select * from positions where account_id = %(account)s) p using (market_id, token_id)
     left join (select token_id, sum(shares) filter (where side = 'BUY') as arriving,
                       sum(shares) filter (where side = 'SELL') as leaving
                from own_fill where status = 'provisional' group by 1) f using (token_id))
