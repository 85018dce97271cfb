select book_fill(%(account)s, %(trade)s, %(order)s, %(bucket)s, %(price)s, %(shares)s, %(fee)s, %(liquidity)s,
                 %(status)s::fill_status, %(source)s, %(occurred_at)s, 'fills', %(lease)s, %(epoch)s)
