select s.settlement_id, s.market_id, m.slug, s.token_id, s.kind::text, s.payout, s.profit, s.source, s.occurred_at,
       m.slot_end
from settlement s join market m using (market_id)
where s.account_id = %s and s.settlement_id > %s
order by s.settlement_id
