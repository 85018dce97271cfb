select order_id, venue_order_id, token_id, status::text from orders
where account_id = %(account)s and market_id = %(market)s
  and status not in ('filled', 'cancelled', 'rejected', 'expired')
