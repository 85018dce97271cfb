select apply_order_event(%(account)s, %(order)s, %(event)s, %(matched)s, %(reason)s, %(occurred_at)s, 'fills',
                         %(lease)s, %(epoch)s)::text
