select move_redemption(%(redemption)s, %(status)s::redemption_status, %(transaction)s, %(detail)s, %(occurred_at)s,
                       %(lease)s, %(epoch)s)
