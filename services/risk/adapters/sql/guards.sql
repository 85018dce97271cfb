-- Guards of markets that are not settled.
select market_id, exited, exited and exit_reports >= exit_requests, awaiting_settlement
from market_guard where account_id = %s and settled_kind is distinct from 'venue'
