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

-- Whether the venue ever showed that it had the order: then nothing proves it absent any more.
create or replace function was_seen(p_order orders)
returns boolean language sql stable as $$
    select p_order.filled > 0 or p_order.venue_matched > 0 or exists (
        select 1 from order_event where order_id = p_order.order_id and event in ('accepted', 'matched', 'fill'));
$$;

-- The status that an order takes on an event. Monotone: a late "accepted" after a fill, a refusal of bytes sent again
-- while the first ones rest, or anything after the venue's last word, changes nothing.
create or replace function next_status(p_order orders, p_event text, p_seen boolean)
returns order_status language sql immutable as $$
    select case
        when p_order.status in ('filled', 'cancelled', 'expired', 'rejected') then p_order.status
        when p_event = 'accepted' and p_order.status in ('submitting', 'uncertain')
            then case when p_order.filled > 0 then 'partly_filled' else 'live' end::order_status
        when p_event = 'uncertain' and p_order.status = 'submitting' then 'uncertain'
        when p_event in ('rejected', 'absent') and not p_seen then 'rejected'
        when p_event = 'cancel_requested' then 'cancelling'
        when p_event = 'cancelled' then 'cancelled'
        when p_event = 'expired' then 'expired'
        else p_order.status end;
$$;

-- An order thought refused or absent that turns up is ours: reserved again, to be cancelled, and entries close until a
-- human looks.
create or replace function reopen_order(p_order orders, p_by text, p_occurred_at timestamptz)
returns orders language plpgsql as $$
declare
    v_order orders;
    v_notional numeric := greatest(0, dollars_at_risk(p_order.side, p_order.time_in_force, p_order.price,
        greatest(0, p_order.shares - p_order.filled),
        (select taker_fee_rate from market where market_id = p_order.market_id)) - p_order.reserved);
begin
    update orders set status = 'cancelling', status_reason = 'RETURNED', reserved = reserved + v_notional,
        venue_matched = p_order.venue_matched, closed_at = null, version = version + 1,
        cancel_requested_at = coalesce(cancel_requested_at, clock_timestamp())
    where order_id = p_order.order_id returning * into v_order;
    insert into order_event (order_id, sequence, event, status, reason, occurred_at)
    values (v_order.order_id, v_order.version, 'returned', v_order.status, 'RETURNED', p_occurred_at);
    perform add_reserved(v_order.account_id, v_notional);
    perform post(v_order.account_id, 'reserve', 'reserved', 'cash', v_notional, v_order.market_id, v_order.order_id,
                 null);
    perform guard(v_order.account_id, 'order_returned', 'reducing', v_order.order_id, p_by);
    perform emit_order(v_order, p_by, p_occurred_at);
    return v_order;
end $$;

-- p_event: accepted, uncertain, rejected, absent, cancel_requested, cancelled, expired, matched, returned.
-- p_venue_matched is the venue's cumulative size_matched, null when it said none; it books nothing.
create or replace function apply_order_event(
    p_account text, p_order text, p_event text, p_venue_matched numeric, p_reason text, p_occurred_at timestamptz,
    p_by text, p_lease text default null, p_epoch bigint default null)
returns order_status language plpgsql security definer set search_path = public as $$
declare
    v_order orders;
    v_market text;
    v_status order_status;
    v_matched numeric;
    v_grown boolean;
begin
    select market_id into strict v_market from orders where order_id = p_order and account_id = p_account;
    perform 1 from account where account_id = p_account for update;
    perform fence(p_lease, p_epoch);
    perform lock_market(p_account, v_market);
    select * into strict v_order from orders where order_id = p_order for update;
    v_matched := greatest(v_order.venue_matched, coalesce(p_venue_matched, 0));
    v_grown := v_matched > v_order.venue_matched;
    v_order.venue_matched := v_matched;
    if v_order.status = 'rejected' and (p_event = 'returned' or (
        v_order.status_reason = 'ABSENT' and p_event in ('accepted', 'matched'))) then
        v_order := reopen_order(v_order, p_by, p_occurred_at);
        return v_order.status;
    end if;
    v_status := next_status(v_order, p_event, was_seen(v_order));
    if v_status = v_order.status and not v_grown then return v_status; end if;
    update orders set status = v_status, venue_matched = v_matched, version = version + 1,
        status_reason = case when v_status <> status then p_reason else status_reason end,
        cancel_requested_at = case when v_status = 'cancelling' then coalesce(cancel_requested_at, clock_timestamp())
                                   else cancel_requested_at end,
        closed_at = case when v_status in ('cancelled', 'rejected', 'expired', 'filled')
                         then coalesce(closed_at, clock_timestamp()) end
    where order_id = p_order returning * into v_order;
    insert into order_event (order_id, sequence, event, status, reason, occurred_at)
    values (p_order, v_order.version, p_event, v_status, p_reason, p_occurred_at);
    if v_status in ('cancelled', 'rejected', 'expired') then
        perform release_order(v_order, greatest(0, v_matched - v_order.filled) * v_order.price);
    end if;
    perform emit_order(v_order, p_by, p_occurred_at);
    return v_status;
end $$;
