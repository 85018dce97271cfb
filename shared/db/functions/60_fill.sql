-- What cannot be booked is kept for inspection, and its market takes no entry until it is resolved.
create or replace function park_fill(
    p_account text, p_market text, p_identity text, p_reason text, p_payload jsonb, p_by text,
    p_lease text default null, p_epoch bigint default null)
returns void language plpgsql security definer set search_path = public as $$
begin
    perform 1 from account where account_id = p_account for update;
    perform fence(p_lease, p_epoch);
    if exists (select 1 from unmatched_fill where account_id = p_account and identity = p_identity) then return; end if;
    if exists (select 1 from market where market_id = p_market) then
        perform lock_market(p_account, p_market);
        update market_guard set unmatched_fills = unmatched_fills + 1, version = version + 1
        where account_id = p_account and market_id = p_market;
    else
        perform guard(p_account, 'unmatched_fill', 'reducing', p_identity, p_by);
        p_market := null;
    end if;
    insert into unmatched_fill (account_id, market_id, identity, reason, payload)
    values (p_account, p_market, p_identity, p_reason, p_payload);
end $$;

-- Kept fills are a riddle no more, and their markets take entries again: those of one of the names, each of which is a
-- trade and an order, in that bucket; a source without buckets means all of them. Says whether there was one. The caller
-- holds the account.
create or replace function unpark(p_account text, p_names text[], p_bucket text, p_by text)
returns boolean language plpgsql as $$
declare
    v_market text;
    v_any boolean := false;
begin
    for v_market in update unmatched_fill set resolved_at = clock_timestamp()
        where account_id = p_account and resolved_at is null and exists (
            select 1 from unnest(p_names) as name
            where identity in (name || p_bucket, name) or (p_bucket = '' and starts_with(identity, name)))
        returning market_id
    loop
        v_any := true;
        if v_market is not null then
            perform lock_market(p_account, v_market);
            update market_guard set unmatched_fills = unmatched_fills - 1, version = version + 1
            where account_id = p_account and market_id = v_market;
        elsif not exists (select 1 from unmatched_fill where account_id = p_account and market_id is null
                          and resolved_at is null) then
            perform guard(p_account, 'unmatched_fill', 'active', '', p_by);
        end if;
    end loop;
    return v_any;
end $$;

-- The venue told what became of it: it failed. Says whether it was still open.
create or replace function resolve_unmatched(
    p_account text, p_identity text, p_by text, p_lease text default null, p_epoch bigint default null)
returns boolean language plpgsql security definer set search_path = public as $$
declare
    v_bucket text := substring(p_identity from '[^/]*$');
begin
    perform 1 from account where account_id = p_account for update;
    perform fence(p_lease, p_epoch);
    return unpark(p_account, array[left(p_identity, length(p_identity) - length(v_bucket))], v_bucket, p_by);
end $$;

create or replace function emit_fill(p_fill fill, p_by text, p_correlation text)
returns void language sql as $$
    select emit('pm.v1.fills.fill_booked.' || p_fill.market_id, 'fills.fill_booked.v1', p_fill.fill_id::text,
        p_fill.version, p_by, p_correlation, null, p_fill.occurred_at,
        jsonb_build_object('account', p_fill.account_id, 'fill_id', p_fill.fill_id, 'trade', p_fill.trade_id,
            'order_id', p_fill.order_id, 'market', p_fill.market_id, 'token', p_fill.token_id,
            'outcome', p_fill.outcome, 'side', p_fill.side, 'price', p_fill.price::text,
            'shares', p_fill.shares::text, 'fee', p_fill.fee::text, 'liquidity', p_fill.liquidity,
            'status', p_fill.status, 'source', p_fill.source, 'version', p_fill.version));
$$;

-- A purchase joins the position, its reserved dollars become cost. A negative p_sign takes it back out.
create or replace function book_purchase(p_fill fill, p_order orders, p_sign integer, p_by text)
returns void language plpgsql as $$
declare
    v_cost numeric := p_sign * p_fill.price * p_fill.shares;
    v_shares numeric := p_sign * p_fill.shares;
    v_position positions;
begin
    insert into positions (account_id, market_id, token_id, outcome, highest_bid, filled_at, version)
    values (p_fill.account_id, p_fill.market_id, p_fill.token_id, p_fill.outcome, p_fill.price, p_fill.occurred_at, 0)
    on conflict do nothing;
    insert into position_leg (account_id, order_id, market_id, token_id, shares, cost)
    values (p_fill.account_id, p_fill.order_id, p_fill.market_id, p_fill.token_id, v_shares, v_cost)
    on conflict (account_id, order_id) do update
        set shares = position_leg.shares + excluded.shares, cost = position_leg.cost + excluded.cost;
    select * into v_position from positions
     where account_id = p_fill.account_id and market_id = p_fill.market_id and token_id = p_fill.token_id for update;
    if p_sign < 0 and v_position.shares < p_fill.shares then
        perform unsettle_purchase(p_fill, v_position, p_by);
        return;
    end if;
    update positions set shares = shares + v_shares, cost = cost + v_cost, fees = fees + p_sign * p_fill.fee,
        version = version + 1
    where account_id = p_fill.account_id and market_id = p_fill.market_id and token_id = p_fill.token_id
    returning * into v_position;
    perform add_open_cost(p_fill.account_id, v_cost);
    perform post(p_fill.account_id, 'fill', 'inventory', 'cash', v_cost, p_fill.market_id, p_fill.order_id,
                 p_fill.fill_id);
    perform post(p_fill.account_id, 'fee', 'fees', 'cash', p_sign * p_fill.fee, p_fill.market_id, p_fill.order_id,
                 p_fill.fill_id);
    perform emit_position(v_position, p_by, p_order.correlation_id, p_fill.occurred_at);
end $$;

-- A purchase that failed on chain after its market was settled: what the settlement paid on it is taken back.
create or replace function unsettle_purchase(p_fill fill, p_position positions, p_by text)
returns void language plpgsql as $$
declare
    v_cost numeric := p_fill.price * p_fill.shares;
    v_profit numeric := p_fill.shares * coalesce(p_position.settled_payout, 0) - v_cost - p_fill.fee;
    v_position positions;
begin
    update positions set settled_shares = settled_shares - p_fill.shares, settled_cost = settled_cost - v_cost,
        settled_fees = settled_fees - p_fill.fee, realised = realised - v_profit, version = version + 1
    where account_id = p_fill.account_id and market_id = p_fill.market_id and token_id = p_fill.token_id
    returning * into v_position;
    insert into settlement (account_id, market_id, token_id, kind, payout, shares, cost, fees, profit, source,
                            occurred_at)
    values (p_fill.account_id, p_fill.market_id, p_fill.token_id, 'adjust', coalesce(p_position.settled_payout, 0),
            -p_fill.shares, -v_cost, -p_fill.fee, -v_profit, 'failed trade ' || p_fill.trade_id, p_fill.occurred_at);
    perform post(p_fill.account_id, 'adjust', 'cash', 'profit', -(v_profit + p_fill.fee), p_fill.market_id,
                 p_fill.order_id, p_fill.fill_id);
    perform post(p_fill.account_id, 'adjust', 'fees', 'cash', -p_fill.fee, p_fill.market_id, p_fill.order_id,
                 p_fill.fill_id);
    perform emit_position(v_position, p_by, p_fill.trade_id, p_fill.occurred_at);
    perform emit_settled(v_position, 'adjust', coalesce(p_position.settled_payout, 0), p_fill.shares, v_cost, -v_profit,
                         'failed trade ' || p_fill.trade_id, p_by, p_fill.occurred_at);
    perform hear_settled(v_position, false, p_fill.occurred_at, p_by);
end $$;

-- A position sold out is a result: the breaker hears what it made in all, fees included. Less than the venue's smallest
-- step of shares cannot be sold and counts as nothing. What comes back later and is sold again tells the difference.
create or replace function hear_sold_out(p_position positions, p_by text, p_occurred_at timestamptz)
returns void language plpgsql as $$
declare
    v_profit numeric := p_position.realised - p_position.fees;
begin
    if p_position.shares >= 0.01 or v_profit = p_position.heard then return; end if;
    update positions set heard = v_profit
    where account_id = p_position.account_id and market_id = p_position.market_id and token_id = p_position.token_id;
    perform breaker_hear(p_position.account_id, p_position.market_id, v_profit - p_position.heard, p_occurred_at, p_by);
end $$;

-- A sale takes shares out at their average cost; the difference is profit at once.
create or replace function book_sale(p_fill fill, p_order orders, p_sign integer, p_by text)
returns void language plpgsql as $$
declare
    v_position positions;
    v_cost numeric;
    v_profit numeric;
begin
    select * into strict v_position from positions
     where account_id = p_fill.account_id and market_id = p_fill.market_id and token_id = p_fill.token_id for update;
    if p_sign > 0 then
        v_cost := case when p_fill.shares = v_position.shares then v_position.cost
                       else round(v_position.cost * p_fill.shares / v_position.shares, 6) end;
    else
        select cost into strict v_cost from settlement where account_id = p_fill.account_id and kind = 'sale'
           and source = p_fill.trade_id || '/' || p_fill.fill_id;
    end if;
    v_profit := p_fill.shares * p_fill.price - v_cost - p_fill.fee;
    update positions set shares = shares - p_sign * p_fill.shares, cost = cost - p_sign * v_cost,
        confirmed_shares = confirmed_shares - p_sign * p_fill.shares, realised = realised + p_sign * v_profit,
        version = version + 1
    where account_id = p_fill.account_id and market_id = p_fill.market_id and token_id = p_fill.token_id
    returning * into v_position;
    insert into settlement (account_id, market_id, token_id, kind, payout, shares, cost, fees, profit, source,
                            occurred_at)
    values (p_fill.account_id, p_fill.market_id, p_fill.token_id,
            case when p_sign > 0 then 'sale' else 'adjust' end::settlement_kind, p_fill.price,
            p_sign * p_fill.shares, p_sign * v_cost, p_sign * p_fill.fee, p_sign * v_profit,
            p_fill.trade_id || '/' || p_fill.fill_id, p_fill.occurred_at);
    perform add_open_cost(p_fill.account_id, -p_sign * v_cost);
    perform post(p_fill.account_id, 'fill', 'cash', 'inventory', p_sign * v_cost, p_fill.market_id,
                 p_fill.order_id, p_fill.fill_id);
    perform post(p_fill.account_id, 'fill', 'cash', 'profit', p_sign * (v_profit + p_fill.fee), p_fill.market_id,
                 p_fill.order_id, p_fill.fill_id);
    perform post(p_fill.account_id, 'fee', 'fees', 'cash', p_sign * p_fill.fee, p_fill.market_id, p_fill.order_id,
                 p_fill.fill_id);
    perform emit_position(v_position, p_by, p_order.correlation_id, p_fill.occurred_at);
    if p_sign > 0 then perform hear_sold_out(v_position, p_by, p_fill.occurred_at); end if;
    if v_position.shares < 0.01 then
        perform stop_shadow(p_fill.account_id, p_fill.market_id, p_fill.occurred_at);
    end if;
end $$;

create or replace function book_money(p_fill fill, p_order orders, p_sign integer, p_by text)
returns void language plpgsql as $$
begin
    if p_fill.side = 'BUY' then perform book_purchase(p_fill, p_order, p_sign, p_by);
    else perform book_sale(p_fill, p_order, p_sign, p_by); end if;
end $$;

-- What the order's fills that did not fail have cost.
create or replace function spent_on(p_order text)
returns numeric language sql stable as $$
    select coalesce(sum(price * shares), 0) from fill where order_id = p_order and status <> 'failed';
$$;

-- Whether nothing of the order is left to fill. A taker's dollars are spent when they buy no further step of shares.
create or replace function is_whole(p_order orders)
returns boolean language sql stable as $$
    select case when is_taker_buy(p_order) then p_order.price * p_order.shares - spent_on(p_order.order_id) <= 0.02
                else p_order.shares - p_order.filled <= 0.01 end;
$$;

-- The order grows by the fill and gives up the dollars it had reserved for it (a taker's fee goes back when it is
-- over). Returns the dollars that nothing had reserved: the fill is booked all the same (money moved), and entries close.
create or replace function fill_order(p_order orders, p_fill fill, p_by text)
returns numeric language plpgsql as $$
declare
    v_order orders;
    v_due numeric := case when p_fill.side = 'SELL' then 0 when is_taker_buy(p_order) then p_fill.price * p_fill.shares
                          else p_order.price * p_fill.shares end;
    v_taken numeric := least(p_order.reserved, v_due);
begin
    p_order.filled := p_order.filled + p_fill.shares;
    update orders set filled = p_order.filled, reserved = reserved - v_taken, version = version + 1,
        venue_matched = greatest(venue_matched, p_order.filled),
        status = case when is_whole(p_order) then 'filled'
                      when status in ('live', 'submitting', 'uncertain', 'partly_filled') then 'partly_filled'
                      else status end::order_status
    where order_id = p_order.order_id returning * into v_order;
    update orders set closed_at = coalesce(closed_at, clock_timestamp())
     where order_id = v_order.order_id and v_order.status = 'filled';
    perform add_reserved(p_order.account_id, -v_taken);
    perform post(p_order.account_id, 'release', 'cash', 'reserved', v_taken, p_order.market_id, p_order.order_id,
                 p_fill.fill_id);
    insert into order_event (order_id, sequence, event, status, occurred_at)
    values (p_order.order_id, v_order.version, 'fill', v_order.status, p_fill.occurred_at);
    if v_order.status = 'filled' then perform release_order(v_order, 0); end if;
    perform emit_order(v_order, p_by, p_fill.occurred_at);
    return v_due - v_taken;
end $$;

-- The first fill sets the market's side; a fill on the other one closes the market to entries.
create or replace function hold_side(p_account text, p_market text, p_token text, p_by text)
returns void language plpgsql as $$
declare
    v_other boolean;
begin
    update market_guard set held_token = coalesce(held_token, p_token),
        both_sides = both_sides or coalesce(held_token <> p_token, false), version = version + 1
    where account_id = p_account and market_id = p_market returning both_sides into v_other;
    if v_other then
        perform alert(p_account, 'both outcomes held in ' || p_market, p_by);
    end if;
end $$;

-- What failed on chain rests nowhere: an order whose whole size was filled or failed is over.
create or replace function close_if_spent(p_order text, p_by text, p_occurred_at timestamptz)
returns void language plpgsql as $$
declare
    v_order orders;
begin
    update orders set status = 'cancelled', status_reason = 'TRADE_FAILED', version = version + 1,
        closed_at = clock_timestamp()
    where order_id = p_order and status in ('submitting', 'uncertain', 'live', 'partly_filled', 'cancelling')
      and shares - filled - (select sum(f.shares) from fill f where f.order_id = p_order and f.status = 'failed') <= 0.01
    returning * into v_order;
    if not found then return; end if;
    insert into order_event (order_id, sequence, event, status, reason, occurred_at)
    values (p_order, v_order.version, 'spent', v_order.status, v_order.status_reason, p_occurred_at);
    perform release_order(v_order, 0);
    perform emit_order(v_order, p_by, p_occurred_at);
end $$;

-- A trade that failed on chain is taken back once: money, position, the order's size.
create or replace function reverse_fill(p_fill fill, p_order orders, p_by text)
returns void language plpgsql as $$
declare
    v_order orders;
begin
    update fill set status = 'failed', version = version + 1 where fill_id = p_fill.fill_id returning * into p_fill;
    perform book_money(p_fill, p_order, -1, p_by);
    update orders set filled = filled - p_fill.shares, version = version + 1,
        venue_matched = greatest(0, venue_matched - p_fill.shares),
        status = case when status = 'filled' then 'cancelled' else status end::order_status,
        status_reason = 'TRADE_FAILED'
    where order_id = p_order.order_id returning * into v_order;
    insert into order_event (order_id, sequence, event, status, reason, occurred_at)
    values (v_order.order_id, v_order.version, 'fill_failed', v_order.status, p_fill.trade_id, p_fill.occurred_at);
    update market_guard set version = version + 1,
        held_token = (select f.token_id from fill f where f.account_id = p_fill.account_id
                        and f.market_id = p_fill.market_id and f.side = 'BUY' and f.status <> 'failed'
                        order by f.fill_id limit 1)
    where account_id = p_fill.account_id and market_id = p_fill.market_id;
    perform emit_fill(p_fill, p_by, p_order.correlation_id);
    perform emit_order(v_order, p_by, p_fill.occurred_at);
    perform close_if_spent(v_order.order_id, p_by, p_fill.occurred_at);
end $$;

create or replace function confirm_fill(p_fill fill, p_order orders, p_by text)
returns void language plpgsql as $$
declare
    v_position positions;
begin
    update fill set status = 'confirmed', version = version + 1 where fill_id = p_fill.fill_id returning * into p_fill;
    if p_fill.side = 'BUY' then
        update positions set confirmed_shares = confirmed_shares + p_fill.shares, version = version + 1
        where account_id = p_fill.account_id and market_id = p_fill.market_id and token_id = p_fill.token_id
        returning * into v_position;
        perform emit_position(v_position, p_by, p_order.correlation_id, p_fill.occurred_at);
    end if;
    perform emit_fill(p_fill, p_by, p_order.correlation_id);
end $$;

-- Whether the shares of a purchase are still there to be taken back: held, or paid out by a settlement.
create or replace function is_covered(p_fill fill)
returns boolean language sql stable as $$
    select p_fill.side = 'SELL' or exists (
        select 1 from positions where account_id = p_fill.account_id and market_id = p_fill.market_id
           and token_id = p_fill.token_id and greatest(shares, settled_shares) >= p_fill.shares);
$$;

-- A known fill heard again: only its status can move, provisional to confirmed or failed, each once. A purchase that
-- failed though its shares were sold is kept until the venue says that the sale failed too; then it is heard again.
create or replace function merge_fill(p_fill fill, p_order orders, p_status fill_status, p_bucket text, p_by text)
returns text language plpgsql as $$
begin
    if p_bucket <> '' and p_fill.bucket = '' then
        update fill set bucket = p_bucket where fill_id = p_fill.fill_id returning * into p_fill;
    end if;
    if p_fill.status <> 'provisional' or p_status = 'provisional' then return 'seen'; end if;
    if p_status = 'failed' and not is_covered(p_fill) then
        perform park_fill(p_fill.account_id, p_fill.market_id,
            concat_ws('/', p_fill.trade_id, p_fill.order_id, p_bucket), 'oversold', to_jsonb(p_fill), p_by);
        return 'oversold';
    end if;
    if p_status = 'failed' then
        perform unpark(p_fill.account_id, parked_as(p_order, p_fill.trade_id), p_bucket, p_by);
        perform reverse_fill(p_fill, p_order, p_by);
        return 'reversed';
    end if;
    perform confirm_fill(p_fill, p_order, p_by);
    return 'confirmed';
end $$;

-- Why a fill that is not known yet cannot be booked, or null: more than was ordered (a taker orders dollars), or more
-- sold than held.
create or replace function why_unbookable(p_order orders, p_price numeric, p_shares numeric)
returns text language plpgsql as $$
begin
    if is_taker_buy(p_order) then
        if spent_on(p_order.order_id) + p_price * p_shares > p_order.price * p_order.shares + 0.01 then
            return 'oversize';
        end if;
    elsif p_order.filled + p_shares > p_order.shares + 0.01 then return 'oversize'; end if;
    if p_order.side = 'SELL' and not exists (
        select 1 from positions where account_id = p_order.account_id and market_id = p_order.market_id
           and token_id = p_order.token_id and shares >= p_shares) then return 'oversold'; end if;
    return null;
end $$;

-- By which names a fill may have been kept before it could be booked: the venue's id of an order that we did not have, its
-- token where the message named no order, our own name of the order.
create or replace function parked_as(p_order orders, p_trade text)
returns text[] language sql immutable as $$
    select array_agg(p_trade || '/' || name || '/')
    from unnest(array[p_order.venue_order_id, p_order.token_id, p_order.order_id]) as name where name is not null;
$$;

-- The one way a fill is booked, whoever saw it. Identity (trade, order, bucket; without a bucket the same price and
-- size) is decided here, under the order's lock. Returns: booked, seen, confirmed, reversed, failed (seen first),
-- too_late (paper: the order was no longer working), or why it was parked: oversize, oversold.
create or replace function book_fill(
    p_account text, p_trade text, p_order text, p_bucket text, p_price numeric, p_shares numeric, p_fee numeric,
    p_liquidity text, p_status fill_status, p_source text, p_occurred_at timestamptz, p_by text,
    p_lease text default null, p_epoch bigint default null)
returns text language plpgsql security definer set search_path = public as $$
declare
    v_order orders;
    v_fill fill;
    v_market text;
    v_unbookable text;
    v_unreserved numeric;
begin
    select market_id into strict v_market from orders where order_id = p_order and account_id = p_account;
    perform 1 from account where account_id = p_account for update;
    perform fence(p_lease, p_epoch);
    perform lock_market(p_account, v_market);
    select * into strict v_order from orders where order_id = p_order for update;
    select * into v_fill from fill where account_id = p_account and trade_id = p_trade and order_id = p_order
       and (bucket = p_bucket or ((bucket = '' or p_bucket = '') and price = p_price and shares = p_shares))
     order by bucket = p_bucket desc limit 1;
    if found then return merge_fill(v_fill, v_order, p_status, p_bucket, p_by); end if;
    if p_source = 'paper' and v_order.status in ('filled', 'cancelled', 'rejected', 'expired') then
        return 'too_late';
    end if;
    v_unbookable := case when p_status = 'failed' then null else why_unbookable(v_order, p_price, p_shares) end;
    if v_unbookable is not null then
        perform park_fill(p_account, v_market, p_trade || '/' || p_order || '/' || p_bucket, v_unbookable,
            jsonb_build_object('price', p_price::text, 'shares', p_shares::text, 'status', p_status,
                               'source', p_source), p_by);
        return v_unbookable;
    end if;
    if v_order.status = 'rejected' and p_status <> 'failed' then
        v_order := reopen_order(v_order, p_by, p_occurred_at);
    end if;
    insert into fill (account_id, trade_id, order_id, bucket, market_id, token_id, outcome, side, price, shares, fee,
                      liquidity, status, source, occurred_at)
    values (p_account, p_trade, p_order, p_bucket, v_market, v_order.token_id, v_order.outcome, v_order.side, p_price,
            p_shares, p_fee, p_liquidity, case when p_status = 'failed' then p_status else 'provisional' end, p_source,
            p_occurred_at)
    returning * into v_fill;
    if p_status = 'failed' then
        perform close_if_spent(p_order, p_by, p_occurred_at);
        return 'failed';
    end if;
    perform unpark(p_account, parked_as(v_order, p_trade), p_bucket, p_by);
    v_unreserved := fill_order(v_order, v_fill, p_by);
    perform close_if_spent(p_order, p_by, p_occurred_at);
    perform book_money(v_fill, v_order, 1, p_by);
    if v_order.side = 'BUY' then perform hold_side(p_account, v_market, v_order.token_id, p_by); end if;
    perform emit_fill(v_fill, p_by, v_order.correlation_id);
    if p_status = 'confirmed' then perform confirm_fill(v_fill, v_order, p_by); end if;
    if v_unreserved > 0 then
        perform guard(p_account, 'unexplained_fill', 'reducing', p_trade || ' on ' || p_order, p_by);
    end if;
    return 'booked';
end $$;

-- The highest bid since the first fill never falls (strategy section 9).
create or replace function raise_highest_bid(p_account text, p_market text, p_token text, p_bid numeric)
returns void language sql security definer set search_path = public as $$
    update positions set highest_bid = greatest(highest_bid, p_bid)
    where account_id = p_account and market_id = p_market and token_id = p_token;
$$;

-- Fair value held a sale of the position back, once more.
create or replace function count_override(p_account text, p_market text, p_token text)
returns void language sql security definer set search_path = public as $$
    update positions set overrides = overrides + 1
    where account_id = p_account and market_id = p_market and token_id = p_token;
$$;
