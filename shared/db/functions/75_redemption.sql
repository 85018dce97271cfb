-- Tokens become cash at the venue. The ledger knows that cash since the settlement and hears of it no second time: a
-- redemption turns what was tied up into what can be spent. A pair that is merged before its settlement is paid by that
-- settlement too, as one dollar whichever outcome won.

-- The row and its command in one commit; null when the market has one under way.
create or replace function request_redemption(
    p_account text, p_market text, p_action redemption_action, p_cash numeric, p_occurred_at timestamptz, p_by text)
returns text language plpgsql security definer set search_path = public as $$
declare
    v_attempt integer := (select count(*) from redemption
                          where account_id = p_account and market_id = p_market and action = p_action);
    v_redemption text := concat_ws('/', p_account, p_market, p_action, v_attempt);
begin
    insert into redemption (redemption_id, account_id, market_id, action, attempt, cash, requested_at)
    values (v_redemption, p_account, p_market, p_action, v_attempt, p_cash, p_occurred_at)
    on conflict do nothing;
    if not found then return null; end if;
    perform emit(concat_ws('.', 'pm.v1.settlement', p_action, p_market), 'settlement.' || p_action || '.v1',
        v_redemption, 1, p_by, v_redemption, null, p_occurred_at,
        jsonb_build_object('redemption_id', v_redemption, 'account', p_account, 'market', p_market,
            'cash', p_cash::text, 'attempt', v_attempt, 'decided_at', p_occurred_at));
    return v_redemption;
end $$;

-- What was signed, before it is sent; the first word counts. Returns whether it was this one.
create or replace function sign_redemption(
    p_redemption text, p_leaves numeric, p_signed bytea, p_valid_until timestamptz, p_lease text default null,
    p_epoch bigint default null)
returns boolean language plpgsql security definer set search_path = public as $$
begin
    perform fence(p_lease, p_epoch);
    update redemption set leaves = p_leaves, signed_calls = p_signed, valid_until = p_valid_until, version = version + 1
    where redemption_id = p_redemption and status = 'requested' and signed_calls is null;
    return found;
end $$;

-- Moves on from requested to submitted to proven or failed, never back; asked again it changes nothing. Returns the
-- status that holds.
create or replace function move_redemption(
    p_redemption text, p_status redemption_status, p_transaction text, p_detail text, p_occurred_at timestamptz,
    p_lease text default null, p_epoch bigint default null)
returns redemption_status language plpgsql security definer set search_path = public as $$
declare
    v_status redemption_status;
begin
    perform fence(p_lease, p_epoch);
    update redemption set status = p_status, transaction_id = coalesce(transaction_id, p_transaction),
        detail = p_detail, version = version + 1,
        closed_at = case when p_status in ('proven', 'failed') then p_occurred_at end
    where redemption_id = p_redemption and status in ('requested', 'submitted') and status < p_status;
    select status into strict v_status from redemption where redemption_id = p_redemption;
    return v_status;
end $$;
