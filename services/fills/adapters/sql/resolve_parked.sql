select resolve_unmatched(%(account)s, %(identity)s, 'fills', %(lease)s, %(epoch)s)
