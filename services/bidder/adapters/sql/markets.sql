-- Of each market: its strike, and what forbids entries of the account.
select m.market_id, s.price, s.provenance,
       coalesce(g.exited, false), coalesce(g.awaiting_settlement or g.settled, false), coalesce(g.both_sides, false),
       coalesce(g.unmatched_fills > 0, false)
from market m
left join strike s using (market_id)
left join market_guard g on g.market_id = m.market_id and g.account_id = %(account)s
where m.market_id = any(%(markets)s)
