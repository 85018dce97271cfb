-- The circuit breaker of each account (strategy section 10). day is a UTC day of domain time; day_forgiven is what a
-- forced reset took off the day's figure. Limits are null until risk has given them: nothing trips before.
create table breaker (
    account_id      text primary key references account,
    session_profit  numeric not null default 0,
    losses_in_a_row integer not null default 0 check (losses_in_a_row >= 0),
    day             date,
    day_profit      numeric not null default 0,
    day_forgiven    numeric not null default 0,
    tripped_at      timestamptz,
    reason          text not null default '',
    max_losses      integer check (max_losses > 0),
    max_drawdown    numeric check (max_drawdown < 0),
    daily_limit     numeric check (daily_limit < 0),
    reset_at        timestamptz
);
