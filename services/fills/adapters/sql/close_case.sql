select close_case(%(account)s, %(kind)s, %(subject)s, 'fills', %(lease)s, %(epoch)s)
