select m.slug, o.outcome, s.kind::text, s.payout, s.shares, s.profit, s.source, s.occurred_at
from settlement s join market m using (market_id) join market_outcome o using (market_id, token_id)
where s.account_id = %(account)s order by s.settlement_id desc limit 20
