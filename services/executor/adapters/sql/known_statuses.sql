select venue_order_id, order_id, status::text from orders where account_id = %(account)s
  and venue_order_id = any(%(venue_orders)s::text[])
