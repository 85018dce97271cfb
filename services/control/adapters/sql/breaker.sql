select b.tripped_at is not null, coalesce(b.reason, ''), b.tripped_at, coalesce(b.session_profit, 0), b.max_drawdown,
       coalesce(b.losses_in_a_row, 0), b.max_losses, breaker_day_profit(a.account_id, utc_day(%(now)s)), b.daily_limit,
       b.reset_at
from account a left join breaker b using (account_id) where a.account_id = %(account)s
