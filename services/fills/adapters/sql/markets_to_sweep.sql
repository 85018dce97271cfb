select market_id from market_guard g where account_id = %(account)s and (not settled or exists (
    select 1 from fill f where f.account_id = g.account_id and f.market_id = g.market_id and f.status = 'provisional'))
