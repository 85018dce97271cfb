select enter_shadow(%(account)s, %(market)s, %(token)s, %(outcome)s, %(ask)s, %(fee_per_share)s, %(stake)s, %(shares)s,
                    %(result)s::shadow_result, %(entered_at)s, %(lease)s, %(epoch)s)
