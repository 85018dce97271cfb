select order_id, cost
from position_leg
where account_id = %s and market_id = %s and token_id = %s and shares > 0
order by order_id
