select sign_redemption(%(redemption)s, %(leaves)s, %(signed)s, %(valid_until)s, %(lease)s, %(epoch)s)
