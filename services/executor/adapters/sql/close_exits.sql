select g.market_id, entries_closed(g.account_id, g.market_id, %(occurred_at)s, %(lease)s, %(epoch)s)
from market_guard g
where g.account_id = %(account)s and g.exit_requests > g.exit_reports
  and (%(market)s::text is null or g.market_id = %(market)s)
