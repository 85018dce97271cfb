select o.order_id, o.market_id, o.token_id, o.price, greatest(0, o.shares - o.filled), m.slot_end, o.side::text,
       o.time_in_force
from orders o join market m using (market_id)
where o.account_id = %(account)s and o.status in ('live', 'partly_filled')
  and (o.side = 'BUY' or o.time_in_force in ('FOK', 'FAK'))
