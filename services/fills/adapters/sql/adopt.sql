select adopt_order(%(account)s, %(venue_order)s, %(market)s, %(token)s, %(side)s::order_side, %(price)s, %(shares)s,
                   %(time_in_force)s, %(status)s::order_status, %(occurred_at)s, 'fills', %(lease)s, %(epoch)s)
