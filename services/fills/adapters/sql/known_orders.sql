select order_id, venue_order_id, token_id, status::text from orders
where account_id = %(account)s and venue_order_id = any(%(venue_orders)s::text[])
