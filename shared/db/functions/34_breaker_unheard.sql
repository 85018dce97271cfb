-- Until 35_breaker.sql defines it, nobody hears of a result.
create or replace function breaker_hear(
    p_account text, p_market text, p_profit numeric, p_occurred_at timestamptz, p_by text)
returns void language sql as $$ select $$;
