-- Gives back what an order no longer needs; p_keep stays for fills that the venue reports and we have not booked yet.
create or replace function release_order(p_order orders, p_keep numeric)
returns void language plpgsql as $$
declare
    v_released numeric := greatest(0, p_order.reserved - p_keep);
begin
    update orders set reserved = reserved - v_released where order_id = p_order.order_id;
    perform add_reserved(p_order.account_id, -v_released);
    perform post(p_order.account_id, 'release', 'cash', 'reserved', v_released, p_order.market_id, p_order.order_id,
                 null);
end $$;

-- The status that an order takes on an event. Monotone: a late "accepted" after a fill, or anything after the venue's
-- last word, changes nothing.
create or replace function next_status(p_order orders, p_event text)
returns order_status language sql immutable as $$
    select case
        when p_order.status in ('filled', 'cancelled', 'expired', 'rejected') then p_order.status
        when p_event = 'accepted' and p_order.status in ('submitting', 'uncertain')
            then case when p_order.filled > 0 then 'partly_filled' else 'live' end::order_status
        when p_event = 'uncertain' and p_order.status = 'submitting' then 'uncertain'
        when p_event in ('rejected', 'absent')
            then case when p_order.filled > 0 or p_order.venue_matched > 0 then 'cancelled' else 'rejected' end::order_status
        when p_event = 'cancel_requested' then 'cancelling'
        when p_event = 'cancelled' then 'cancelled'
        when p_event = 'expired' then 'expired'
        else p_order.status end;
$$;

-- p_event: written, accepted, uncertain, rejected, absent, cancel_requested, cancelled, expired, matched.
-- p_venue_matched is the venue's cumulative size_matched, null when it said none; it books nothing.
create or replace function apply_order_event(
    p_account text, p_order text, p_event text, p_venue_matched numeric, p_reason text, p_occurred_at timestamptz,
    p_by text)
returns order_status language plpgsql security definer set search_path = public as $$
declare
    v_order orders;
    v_market text;
    v_status order_status;
    v_matched numeric;
    v_returned boolean;
begin
    select market_id into strict v_market from orders where order_id = p_order and account_id = p_account;
    perform 1 from account where account_id = p_account for update;
    perform lock_market(p_account, v_market);
    select * into strict v_order from orders where order_id = p_order for update;
    v_matched := greatest(v_order.venue_matched, coalesce(p_venue_matched, 0));
    v_order.venue_matched := v_matched;
    v_returned := v_order.status = 'rejected' and v_order.status_reason = 'ABSENT' and p_event = 'accepted';
    v_status := case when v_returned then 'cancelling'::order_status else next_status(v_order, p_event) end;
    if v_status = v_order.status and p_event <> 'written'
        and not exists (select 1 from orders where order_id = p_order and venue_matched < v_matched) then
        return v_status;
    end if;
    update orders set status = v_status, venue_matched = v_matched, version = version + 1,
        status_reason = case when v_status <> status then p_reason else status_reason end,
        written_at = case when p_event = 'written' then clock_timestamp() else written_at end,
        cancel_requested_at = case when v_status = 'cancelling' then coalesce(cancel_requested_at, clock_timestamp())
                                   else cancel_requested_at end,
        closed_at = case when v_status in ('cancelled', 'rejected', 'expired', 'filled')
                         then coalesce(closed_at, clock_timestamp()) end
    where order_id = p_order returning * into v_order;
    insert into order_event (order_id, sequence, event, status, reason, occurred_at)
    values (p_order, v_order.version, p_event, v_status, p_reason, p_occurred_at);
    if v_returned then
        perform reopen_order(v_order, p_by);
    elsif v_status in ('cancelled', 'rejected', 'expired') then
        perform release_order(v_order, greatest(0, v_matched - v_order.filled) * v_order.price);
    end if;
    perform emit_order(v_order, p_by, p_occurred_at);
    return v_status;
end $$;

-- An order thought absent that turns up is ours: reserved again, to be cancelled, and entries close until a human looks.
create or replace function reopen_order(p_order orders, p_by text)
returns void language plpgsql as $$
declare
    v_notional numeric := case when p_order.side = 'BUY' then (p_order.shares - p_order.filled) * p_order.price
                               else 0 end;
begin
    update orders set reserved = v_notional, closed_at = null where order_id = p_order.order_id;
    perform add_reserved(p_order.account_id, v_notional);
    perform post(p_order.account_id, 'reserve', 'reserved', 'cash', v_notional, p_order.market_id, p_order.order_id,
                 null);
    perform guard(p_order.account_id, 'order_returned', 'reducing', p_order.order_id, p_by);
end $$;
