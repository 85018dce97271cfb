-- Current and coming slots first, then those that ended a moment ago and wait for their settlement.
select m.market_id, m.slug, m.coin, m.slot_start, m.slot_end, s.price, s.source,
       array(select o.outcome from market_outcome o where o.market_id = m.market_id order by o.position),
       array(select o.token_id from market_outcome o where o.market_id = m.market_id order by o.position),
       coalesce((select jsonb_object_agg(d.outcome, d.word) from (
           select distinct on (outcome) outcome,
                  case when reason = '' then verdict else verdict || ': ' || reason end as word
           from decision where account_id = %(account)s and market_id = m.market_id
           order by outcome, last_at desc) d), '{}'::jsonb)
from market m left join strike s using (market_id)
where m.venue = %(venue)s and m.slot_end > %(now)s::timestamptz - interval '5 minutes'
order by m.slot_end <= %(now)s, m.slot_start, m.coin limit 60
