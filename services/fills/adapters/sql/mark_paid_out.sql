select mark_paid_out(%(account)s, %(tokens)s, %(lease)s, %(epoch)s)
