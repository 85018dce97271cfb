-- The announcement's payload: account, state, whether resting entries go too (t or f), version.
-- Trading state. Each cause is listed and cleared on its own; the most restrictive one wins. Kill and reservation take
-- the account's lock, so nothing can be reserved after a kill has committed.
create or replace function broadcast_trading_state(p_account text, p_by text)
returns trading_state language plpgsql as $$
declare
    v_account account;
    v_cancels boolean := exists (select 1 from trading_cause where account_id = p_account and cancels);
begin
    update account set version = version + 1,
        trading_state = coalesce((select max(state) from trading_cause where account_id = p_account), 'active')
    where account_id = p_account returning * into v_account;
    perform emit('pm.v1.risk.trading_state_changed.' || md5(p_account), 'risk.trading_state_changed.v1',
        p_account, v_account.version, p_by, p_account || '/' || v_account.version, null, clock_timestamp(),
        jsonb_build_object('account', p_account, 'state', v_account.trading_state, 'version', v_account.version,
            'cancels', v_cancels,
            'causes', coalesce((select jsonb_agg(jsonb_build_object('cause', cause, 'state', state,
                                                 'detail', detail) order by cause)
                       from trading_cause where account_id = p_account), '[]'::jsonb)));
    perform pg_notify('trading_state', concat_ws(' ', p_account, v_account.trading_state, v_cancels,
                                                 v_account.version));
    return v_account.trading_state;
end $$;

-- p_cancels: whether entries that rest are cancelled too, or only new ones refused.
create or replace function guard(p_account text, p_cause text, p_state trading_state, p_detail text, p_by text,
                                 p_cancels boolean default true)
returns trading_state language plpgsql security definer set search_path = public as $$
declare
    v_changed integer;
    v_state trading_state;
begin
    select trading_state into strict v_state from account where account_id = p_account for update;
    if p_state = 'active' then
        delete from trading_cause where account_id = p_account and cause = p_cause;
    else
        insert into trading_cause (account_id, cause, state, detail, set_by, cancels)
        values (p_account, p_cause, p_state, p_detail, p_by, p_cancels)
        on conflict (account_id, cause) do update
            set state = excluded.state, detail = excluded.detail, cancels = excluded.cancels
        where (trading_cause.state, trading_cause.cancels) is distinct from (excluded.state, excluded.cancels);
    end if;
    get diagnostics v_changed = row_count;
    if v_changed = 0 then
        return v_state;
    end if;
    return broadcast_trading_state(p_account, p_by);
end $$;

create or replace function halt(p_account text, p_actor text, p_detail text)
returns trading_state language plpgsql security definer set search_path = public as $$
begin
    perform 1 from account where account_id = p_account for update;
    insert into operator_action (account_id, actor, act, detail) values (p_account, p_actor, 'kill', p_detail);
    insert into trading_cause (account_id, cause, state, detail, set_by)
    values (p_account, 'kill', 'halted', p_detail, p_actor)
    on conflict (account_id, cause) do update set detail = excluded.detail;
    return broadcast_trading_state(p_account, p_actor);
end $$;

create or replace function resume(p_account text, p_actor text, p_detail text)
returns trading_state language plpgsql security definer set search_path = public as $$
begin
    perform 1 from account where account_id = p_account for update;
    insert into operator_action (account_id, actor, act, detail) values (p_account, p_actor, 'resume', p_detail);
    delete from trading_cause where account_id = p_account and cause in ('kill', 'pause');
    return broadcast_trading_state(p_account, p_actor);
end $$;

create or replace function pause(p_account text, p_actor text, p_detail text)
returns trading_state language plpgsql security definer set search_path = public as $$
begin
    perform 1 from account where account_id = p_account for update;
    insert into operator_action (account_id, actor, act, detail) values (p_account, p_actor, 'pause', p_detail);
    return guard(p_account, 'pause', 'reducing', p_detail, p_actor);
end $$;

create or replace function lock_market(p_account text, p_market text)
returns market_guard language plpgsql as $$
declare
    v_guard market_guard;
begin
    select * into v_guard from market_guard where account_id = p_account and market_id = p_market for update;
    if not found then
        insert into market_guard (account_id, market_id) values (p_account, p_market)
        returning * into v_guard;
    end if;
    return v_guard;
end $$;

-- p_flag: 'exited', 'awaiting_settlement' or 'trading' (which takes awaiting_settlement back).
create or replace function guard_market(p_account text, p_market text, p_flag text, p_by text)
returns void language plpgsql security definer set search_path = public as $$
begin
    perform 1 from account where account_id = p_account for update;
    perform lock_market(p_account, p_market);
    update market_guard set
        exited = exited or p_flag = 'exited',
        awaiting_settlement = (awaiting_settlement or p_flag = 'awaiting_settlement') and p_flag <> 'trading',
        version = version + 1
    where account_id = p_account and market_id = p_market;
end $$;

create or replace function mark_swept(
    p_account text, p_until timestamptz, p_lease text default null, p_epoch bigint default null)
returns void language plpgsql security definer set search_path = public as $$
begin
    perform 1 from account where account_id = p_account for update;
    perform fence(p_lease, p_epoch);
    update market_guard set swept_until = p_until
    where account_id = p_account and not settled and (swept_until is null or swept_until < p_until);
end $$;

create or replace function open_account(
    p_account text, p_venue text, p_mode text, p_wallet text, p_max_exposure numeric,
    p_wallet_size numeric default null)
returns account language plpgsql security definer set search_path = public as $$
declare
    v_account account;
begin
    insert into account (account_id, venue, mode, wallet, max_exposure, wallet_size)
    values (p_account, p_venue, p_mode, p_wallet, p_max_exposure, p_wallet_size)
    on conflict (account_id) do update set max_exposure = excluded.max_exposure, wallet_size = excluded.wallet_size
    returning * into v_account;
    return v_account;
end $$;
