-- What may be on its way goes first: the wallet does one thing at a time.
select r.redemption_id, r.action::text, r.cash, r.status::text, r.signed_calls, r.valid_until, r.leaves, r.transaction_id,
       m.market_id, m.slug, m.coin, m.slot_start, m.slot_end, m.tick, m.min_shares, m.taker_fee_rate,
       m.protocol_version, m.neg_risk, m.accepting_orders,
       (select array_agg(o.outcome order by o.position) from market_outcome o where o.market_id = m.market_id),
       (select array_agg(o.token_id order by o.position) from market_outcome o where o.market_id = m.market_id)
from redemption r join market m using (market_id)
where r.account_id = %(account)s and r.status in ('requested', 'submitted')
order by r.signed_calls is null, r.recorded_at
limit 1
