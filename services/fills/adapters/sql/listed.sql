select market_id from market where market_id = any(%(markets)s::text[])
