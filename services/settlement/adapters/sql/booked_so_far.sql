select coalesce(max(settlement_id), 0), coalesce(sum(profit), 0)
from settlement
where account_id = %s
