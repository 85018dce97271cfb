select o.order_id, o.market_id, o.token_id, o.price, o.shares - o.filled, m.slot_end
from orders o join market m using (market_id)
where o.account_id = %(account)s and o.side = 'BUY' and o.status in ('live', 'partly_filled')
