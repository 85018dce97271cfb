-- Leaving a market early (strategy section 9). The guard EXITED and the command that asks for its entries' end are one
-- commit: no entry follows. Asked again, it is said again.
create or replace function close_entries(
    p_account text, p_market text, p_reason text, p_by text, p_occurred_at timestamptz)
returns void language plpgsql security definer set search_path = public as $$
declare
    v_requests bigint;
begin
    perform 1 from account where account_id = p_account for update;
    perform lock_market(p_account, p_market);
    update market_guard set exited = true, exit_requests = exit_requests + 1, version = version + 1
    where account_id = p_account and market_id = p_market returning exit_requests into v_requests;
    perform emit('pm.v1.risk.close_entries.' || p_market, 'risk.close_entries.v1', p_account || '/' || p_market,
        v_requests, p_by, p_account || '/' || p_market || '/' || v_requests, null, p_occurred_at,
        jsonb_build_object('account', p_account, 'market', p_market, 'reason', p_reason, 'decided_at', p_occurred_at));
end $$;

-- Reports that no entry of the market can be filled any more, once a request, as soon as it is true. A level: asked
-- again, also after a restart, it reports what is still owed. Returns whether it did.
create or replace function entries_closed(
    p_account text, p_market text, p_occurred_at timestamptz, p_lease text default null, p_epoch bigint default null)
returns boolean language plpgsql security definer set search_path = public as $$
declare
    v_guard market_guard;
begin
    perform 1 from account where account_id = p_account for update;
    perform fence(p_lease, p_epoch);
    v_guard := lock_market(p_account, p_market);
    if not v_guard.exited or v_guard.exit_reports >= v_guard.exit_requests or exists (
        select 1 from orders where account_id = p_account and market_id = p_market and purpose = 'entry'
           and status not in ('filled', 'cancelled', 'rejected', 'expired')) then
        return false;
    end if;
    update market_guard set exit_reports = exit_requests, version = version + 1
    where account_id = p_account and market_id = p_market returning * into v_guard;
    perform emit('pm.v1.executor.entries_closed.' || p_market, 'executor.entries_closed.v1',
        p_account || '/' || p_market, v_guard.exit_reports, 'executor',
        p_account || '/' || p_market || '/' || v_guard.exit_reports, null, p_occurred_at,
        jsonb_build_object('account', p_account, 'market', p_market));
    return true;
end $$;
