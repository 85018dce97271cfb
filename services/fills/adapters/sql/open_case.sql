select open_case(%(account)s, %(kind)s, %(subject)s, %(market)s, %(ours)s, %(theirs)s, %(amount)s, 'fills', %(lease)s,
                 %(epoch)s)
