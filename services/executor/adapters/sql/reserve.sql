select reserve(
    %(account)s, %(order)s, %(tag)s, %(market)s, %(token)s, %(outcome)s, %(side)s::order_side,
    %(purpose)s::order_purpose, %(rung)s, %(attempt)s, %(price)s, %(shares)s, %(time_in_force)s, %(post_only)s, %(venue_order)s, %(signed)s, %(valid_until)s,
    %(domain_now)s, %(lease)s, %(epoch)s, %(order)s)
