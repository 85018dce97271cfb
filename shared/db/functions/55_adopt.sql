-- An order of ours that only the venue knows (a restored backup, a key used by hand): from now on it is in the table, with
-- the venue's id, terms and its dollars reserved, over the limit if need be, so that its fills can be booked. p_status is
-- 'cancelling' (the executor cancels it and hears the venue's last word) or 'live' where orphans are left alone; its tag
-- is 'adopted', since of which rung it was nobody knows any more. Returns its name, also when it was known; else
-- unknown_market, or not_yet while the executor has not dealt with the orphans of its start.
create or replace function adopt_order(
    p_account text, p_venue_order text, p_market text, p_token text, p_side order_side, p_price numeric,
    p_shares numeric, p_time_in_force text, p_status order_status, p_occurred_at timestamptz, p_by text,
    p_lease text default null, p_epoch bigint default null)
returns text language plpgsql security definer set search_path = public as $$
declare
    v_account account;
    v_order orders;
    v_known text;
    v_outcome text;
    v_purpose order_purpose := case when p_side = 'BUY' then 'entry' else 'exit' end;
    v_dollars numeric;
begin
    select * into strict v_account from account where account_id = p_account for update;
    perform fence(p_lease, p_epoch);
    select order_id into v_known from orders where venue_order_id = p_venue_order and account_id = p_account;
    if found then return v_known; end if;
    if v_account.version = 0 or exists (select 1 from trading_cause where account_id = p_account
                                        and cause in ('executor_recovery', 'foreign_orders')) then return 'not_yet'; end if;
    select outcome, dollars_at_risk(p_side, p_time_in_force, p_price, p_shares, taker_fee_rate)
      into v_outcome, v_dollars
      from market_outcome join market using (market_id) where market_id = p_market and token_id = p_token;
    if not found then return 'unknown_market'; end if;
    perform lock_market(p_account, p_market);
    insert into orders (order_id, account_id, strategy_tag, market_id, token_id, outcome, side, purpose, rung, attempt,
                        price, shares, reserved, time_in_force, post_only, status, status_reason, venue_order_id,
                        valid_until, lease_epoch, correlation_id, occurred_at, cancel_requested_at)
    values ('adopted/' || p_venue_order, p_account, 'adopted', p_market, p_token, v_outcome, p_side,
            v_purpose, 0,
            (select count(*) from orders where account_id = p_account and strategy_tag = 'adopted'
                and market_id = p_market and outcome = v_outcome and purpose = v_purpose),
            p_price, p_shares, v_dollars, p_time_in_force, false, p_status, 'ADOPTED', p_venue_order,
            clock_timestamp(), 0, 'adopted/' || p_venue_order, p_occurred_at,
            case when p_status = 'cancelling' then clock_timestamp() end)
    returning * into v_order;
    insert into order_event (order_id, sequence, event, status, reason, occurred_at)
    values (v_order.order_id, 1, 'accepted', v_order.status, 'ADOPTED', p_occurred_at);
    perform add_reserved(p_account, v_dollars);
    perform post(p_account, 'reserve', 'reserved', 'cash', v_dollars, p_market, v_order.order_id, null);
    perform alert(p_account, 'only the venue knew this order of ours, it was adopted: ' || p_side || ' ' || p_shares
        || ' ' || v_outcome || ' at ' || p_price || ', ' || p_venue_order, p_by);
    perform emit_order(v_order, p_by, p_occurred_at);
    return v_order.order_id;
end $$;
