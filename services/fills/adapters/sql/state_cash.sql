select state_cash(%(account)s, %(cash)s, %(entry)s, %(fill)s, %(lease)s, %(epoch)s)
