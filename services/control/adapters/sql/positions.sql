select p.market_id, m.slug, p.outcome, p.token_id, p.shares, p.confirmed_shares, p.cost, p.settled_payout is not null,
       case when p.settled_payout is not null or p.realised <> 0 then p.realised end, p.filled_at
from positions p join market m using (market_id)
where p.account_id = %(account)s and (not %(held_only)s or p.shares > 0)
order by p.shares > 0 desc, p.filled_at desc limit %(limit)s
