-- The circuit breaker (strategy section 10): a result is heard, and trips it, in the transaction that books it. Only the
-- day's figures begin anew at midnight; session, run of losses and trip last until an operator resets them.
create or replace function domain_now()
returns timestamptz language sql stable as $$
    select coalesce((select origin_domain + (clock_timestamp() - origin_wall) * speed::float8
                     from clock_origin order by recorded_at desc limit 1), clock_timestamp());
$$;

create or replace function utc_day(p_at timestamptz)
returns date language sql immutable as $$ select (p_at at time zone 'UTC')::date; $$;

-- Profit of a day over all accounts of the same venue and mode, less what this account's forced reset forgave.
create or replace function breaker_day_profit(p_account text, p_day date)
returns numeric language sql stable as $$
    select coalesce(sum(b.day_profit), 0)
           - coalesce((select day_forgiven from breaker where account_id = p_account and day = p_day), 0)
    from breaker b join account a using (account_id) join account mine on (a.venue, a.mode) = (mine.venue, mine.mode)
    where mine.account_id = p_account and b.day = p_day;
$$;

-- Takes the account's lock and brings the figures to that day. What belongs to a day before them leaves them alone.
create or replace function breaker_on(p_account text, p_day date)
returns void language plpgsql as $$
begin
    perform 1 from account where account_id = p_account for update;
    insert into breaker (account_id) values (p_account) on conflict do nothing;
    update breaker set day = p_day, day_profit = 0, day_forgiven = 0
    where account_id = p_account and (day is null or day < p_day);
end $$;

-- Trips where a limit is reached, entries that rest included; tripped already, it stays as it is.
create or replace function breaker_check(p_account text, p_at timestamptz, p_detail text, p_by text)
returns void language plpgsql as $$
declare
    v_breaker breaker;
    v_day_profit numeric := breaker_day_profit(p_account, utc_day(p_at));
    v_reason text;
begin
    select * into strict v_breaker from breaker where account_id = p_account;
    if v_breaker.tripped_at is not null then return; end if;
    v_reason := case
        when v_breaker.losses_in_a_row >= v_breaker.max_losses then v_breaker.losses_in_a_row || ' losses in a row'
        when v_breaker.session_profit <= v_breaker.max_drawdown then 'session profit ' || v_breaker.session_profit
        when v_day_profit <= v_breaker.daily_limit then 'profit of the day ' || v_day_profit end;
    if v_reason is null then return; end if;
    v_reason := v_reason || p_detail;
    update breaker set tripped_at = p_at, reason = v_reason where account_id = p_account;
    perform guard(p_account, 'breaker', 'reducing', v_reason, p_by, true);
end $$;

create or replace function breaker_add(p_account text, p_profit numeric, p_occurred_at timestamptz)
returns void language plpgsql as $$
begin
    perform breaker_on(p_account, utc_day(p_occurred_at));
    update breaker set session_profit = session_profit + p_profit,
        day_profit = day_profit + case when day = utc_day(p_occurred_at) then p_profit else 0 end
    where account_id = p_account;
end $$;

-- A closed position's profit, by sale or by settlement: its sign decides win or loss, 0 changes nothing.
create or replace function breaker_hear(
    p_account text, p_market text, p_profit numeric, p_occurred_at timestamptz, p_by text)
returns void language plpgsql as $$
begin
    if p_profit = 0 then return; end if;
    perform breaker_add(p_account, p_profit, p_occurred_at);
    update breaker set losses_in_a_row = case when p_profit < 0 then losses_in_a_row + 1 else 0 end
    where account_id = p_account;
    perform breaker_check(p_account, p_occurred_at, ', the last in ' || p_market, p_by);
end $$;

-- An earlier result was corrected: profit changes on the day of the correction, the run of losses is not rewritten.
create or replace function breaker_correct(
    p_account text, p_market text, p_profit numeric, p_occurred_at timestamptz, p_by text)
returns void language plpgsql as $$
begin
    if p_profit = 0 then return; end if;
    perform breaker_add(p_account, p_profit, p_occurred_at);
    perform breaker_check(p_account, p_occurred_at, ', corrected in ' || p_market, p_by);
end $$;

-- A settled position tells what was not heard of it yet. It is a result once: later words, and what a sale had told
-- before, are corrections.
create or replace function hear_settled(p_position positions, p_first boolean, p_occurred_at timestamptz, p_by text)
returns void language plpgsql as $$
declare
    v_profit numeric := p_position.realised - p_position.heard;
begin
    update positions set heard = p_position.realised
    where account_id = p_position.account_id and market_id = p_position.market_id and token_id = p_position.token_id;
    if p_first and p_position.heard = 0 then
        perform breaker_hear(p_position.account_id, p_position.market_id, v_profit, p_occurred_at, p_by);
    else
        perform breaker_correct(p_position.account_id, p_position.market_id, v_profit, p_occurred_at, p_by);
    end if;
end $$;

-- Today's limits, held against the figures at once: also what another account of this mode lost meanwhile.
create or replace function set_breaker_limits(
    p_account text, p_max_losses integer, p_max_drawdown numeric, p_daily_limit numeric, p_now timestamptz, p_by text)
returns void language plpgsql security definer set search_path = public as $$
begin
    perform breaker_on(p_account, utc_day(p_now));
    update breaker set max_losses = p_max_losses, max_drawdown = p_max_drawdown, daily_limit = p_daily_limit
    where account_id = p_account;
    perform breaker_check(p_account, p_now, '', p_by);
end $$;

-- A new session. Returns the trading state, or 'needs_force' while the day is at its limit; forced, the day's limit
-- counts from here.
create or replace function breaker_reset(p_account text, p_actor text, p_force boolean)
returns text language plpgsql security definer set search_path = public as $$
declare
    v_now timestamptz := domain_now();
    v_day_profit numeric;
    v_at_limit boolean;
begin
    perform breaker_on(p_account, utc_day(v_now));
    v_day_profit := breaker_day_profit(p_account, utc_day(v_now));
    select coalesce(v_day_profit <= daily_limit, false) into strict v_at_limit from breaker
     where account_id = p_account;
    if v_at_limit and not p_force then return 'needs_force'; end if;
    insert into operator_action (account_id, actor, act, detail)
    values (p_account, p_actor, 'breaker_reset', case when p_force then 'forced' else '' end);
    update breaker set session_profit = 0, losses_in_a_row = 0, tripped_at = null, reason = '', reset_at = v_now,
        day_forgiven = day_forgiven + case when v_at_limit then v_day_profit else 0 end
    where account_id = p_account;
    return guard(p_account, 'breaker', 'active', '', p_actor)::text;
end $$;
