select park_fill(%(account)s, %(market)s, %(identity)s, %(reason)s, %(payload)s, 'fills', %(lease)s, %(epoch)s)
