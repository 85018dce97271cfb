select order_id, status::text, filled from orders
where account_id = %(account)s
  and (order_id = any(%(order_ids)s) or status not in ('filled', 'cancelled', 'rejected', 'expired'))
