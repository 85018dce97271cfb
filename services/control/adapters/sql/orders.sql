select o.order_id, o.market_id, m.slug, o.outcome, o.side::text, o.purpose::text, o.rung, o.attempt, o.price, o.shares,
       o.filled, o.reserved, o.status::text, o.status_reason, o.venue_order_id, o.occurred_at
from orders o join market m using (market_id)
where o.account_id = %(account)s
  and (not %(working_only)s or o.status not in ('filled', 'cancelled', 'rejected', 'expired'))
order by o.status in ('filled', 'cancelled', 'rejected', 'expired'), o.recorded_at desc limit %(limit)s
