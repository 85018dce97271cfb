select max(swept_until) from market_guard where account_id = %(account)s
