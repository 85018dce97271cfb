select m.market_id, m.slug, m.coin, m.slot_start, m.slot_end, m.tick, m.min_shares, m.taker_fee_rate,
       m.protocol_version, m.neg_risk, m.accepting_orders,
       (select array_agg(o.outcome order by o.position) from market_outcome o where o.market_id = m.market_id),
       (select array_agg(o.token_id order by o.position) from market_outcome o where o.market_id = m.market_id),
       (select p.token_id from positions p
         where p.account_id = g.account_id and p.market_id = g.market_id and p.shares + p.settled_shares > 0
         order by p.shares + p.settled_shares desc, p.token_id limit 1),
       (select min(p.filled_at) from positions p where p.account_id = g.account_id and p.market_id = g.market_id),
       exists (select 1 from positions p
                where p.account_id = g.account_id and p.market_id = g.market_id and p.shares > 0),
       g.awaiting_settlement or g.settled,
       g.settled_kind::text
from market_guard g join market m using (market_id)
where g.account_id = %(account)s and m.slot_end <= %(now)s
  and (g.settled_kind is distinct from 'venue'
       or exists (select 1 from positions p
                   where p.account_id = g.account_id and p.market_id = g.market_id and p.shares > 0))
order by m.slot_end, m.market_id
