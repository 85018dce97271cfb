-- An order that is matched at once or killed. A purchase of that kind is bounded by its dollars, not by its shares: at a
-- better price the venue gives more shares for them.
create or replace function is_taker_buy(p_order orders)
returns boolean language sql immutable as $$
    select p_order.side = 'BUY' and p_order.time_in_force in ('FOK', 'FAK');
$$;

-- The dollars an order may cost: its notional, and a taker's fee at its own price (5 decimals, rounded up).
create or replace function dollars_at_risk(
    p_side order_side, p_time_in_force text, p_price numeric, p_shares numeric, p_rate numeric)
returns numeric language sql immutable as $$
    select case when p_side = 'SELL' then 0
                when p_time_in_force in ('FOK', 'FAK')
                    then p_price * p_shares + ceil(p_shares * p_rate * p_price * (1 - p_price) * 100000) / 100000
                else p_price * p_shares end;
$$;

-- Of those that watch entries, the ones that gave no sign of life for five seconds: nobody's entries rest meanwhile.
create or replace function silent_services(p_account text)
returns setof text language sql security definer set search_path = public as $$
    select watcher from unnest(array['discovery', 'bidder', 'fills', 'risk']) as watcher
    where not exists (select 1 from liveness where account_id = p_account and service = watcher
                      and seen_at > clock_timestamp() - interval '5 seconds');
$$;

-- Why an entry no longer fits, or null. The caller holds the account and the market. A bid on Up at p and one on Down at
-- 1 - p or more meet in the venue's one book: we would trade with ourselves, whatever strategies they belong to.
-- Of which rung an adopted order was nobody knows: once it is filled, every rung of its market may be the one.
create or replace function refuse_entry(
    p_account account, p_guard market_guard, p_market market, p_tag text, p_outcome text, p_token text, p_rung integer,
    p_attempt integer, p_price numeric, p_notional numeric, p_domain_now timestamptz)
returns text language plpgsql as $$
declare
    v_orders integer;
    v_working integer;
    v_crossed integer;
    v_cancelling integer;
    v_rung_filled boolean;
begin
    if p_account.trading_state <> 'active' then return 'HALTED'; end if;
    if exists (select 1 from silent_services(p_account.account_id)) then return 'SERVICE_MISSING'; end if;
    if p_domain_now >= p_market.slot_end or not p_market.accepting_orders then return 'MARKET_CLOSED'; end if;
    if p_guard.awaiting_settlement or p_guard.settled then return 'AWAITING_SETTLEMENT'; end if;
    if p_guard.exited then return 'EXITED'; end if;
    if p_guard.unmatched_fills > 0 then return 'UNMATCHED_FILL'; end if;
    if p_guard.both_sides or coalesce(p_guard.held_token <> p_token, false) then return 'OTHER_SIDE_HELD'; end if;
    select count(*) filter (where strategy_tag = p_tag and outcome = p_outcome and rung = p_rung),
           count(*) filter (where outcome = p_outcome and shares - filled >= p_market.min_shares
                              and status not in ('filled', 'cancelled', 'rejected', 'expired')),
           count(*) filter (where outcome <> p_outcome and price + p_price >= 1
                              and status not in ('filled', 'cancelled', 'rejected', 'expired')),
           count(*) filter (where status = 'cancelling'),
           coalesce(bool_or(strategy_tag = p_tag and outcome = p_outcome and rung = p_rung and filled > 0
                              and shares - filled < p_market.min_shares
                            or strategy_tag = 'adopted' and filled > 0), false)
      into v_orders, v_working, v_crossed, v_cancelling, v_rung_filled
      from orders where account_id = p_account.account_id and market_id = p_market.market_id and purpose = 'entry';
    if v_rung_filled then return 'RUNG_TAKEN'; end if;
    if v_cancelling > 0 then return 'CANCEL_IN_FLIGHT'; end if;
    if v_working > 0 then return 'ALREADY_WORKING'; end if;
    if v_crossed > 0 then return 'SELF_CROSSING'; end if;
    if v_orders <> p_attempt then return 'STALE_INTENT'; end if;
    if p_account.open_cost + p_account.reserved + p_notional > p_account.max_exposure then return 'NO_HEADROOM'; end if;
    return null;
end $$;

-- Why an exit no longer fits, or null: it may shrink what is held, never more, and only outside 'halted'.
create or replace function refuse_exit(p_account account, p_market text, p_token text, p_shares numeric)
returns text language plpgsql as $$
declare
    v_confirmed numeric;
    v_selling numeric;
begin
    if p_account.trading_state = 'halted' then return 'HALTED'; end if;
    select least(shares, confirmed_shares) into v_confirmed from positions
     where account_id = p_account.account_id and market_id = p_market and token_id = p_token;
    select coalesce(sum(shares - filled), 0) into v_selling from orders
     where account_id = p_account.account_id and market_id = p_market and token_id = p_token and purpose = 'exit'
       and status not in ('filled', 'cancelled', 'rejected', 'expired');
    if p_shares > coalesce(v_confirmed, 0) - v_selling then return 'NOTHING_TO_SELL'; end if;
    return null;
end $$;

-- Records the order with its signed bytes and its venue id, and takes its dollars out of the headroom, before the
-- venue hears of it. Returns null when reserved, else the reason for refusing (strategy section 3, design section 4).
create or replace function reserve(
    p_account text, p_order text, p_tag text, p_market text, p_token text, p_outcome text, p_side order_side,
    p_purpose order_purpose, p_rung integer, p_attempt integer, p_price numeric, p_shares numeric,
    p_time_in_force text, p_post_only boolean, p_venue_order text, p_signed bytea, p_valid_until timestamptz,
    p_domain_now timestamptz, p_lease text, p_epoch bigint, p_correlation text)
returns text language plpgsql security definer set search_path = public as $$
declare
    v_account account;
    v_guard market_guard;
    v_market market;
    v_order orders;
    v_refusal text;
    v_notional numeric;
begin
    select * into strict v_account from account where account_id = p_account for update;
    if exists (select 1 from orders where order_id = p_order) then return 'ALREADY_RESERVED'; end if;
    if clock_timestamp() > p_valid_until then return 'EXPIRED_INTENT'; end if;
    if not exists (select 1 from lease where name = p_lease and epoch = p_epoch and expires_at > clock_timestamp())
    then return 'LEASE_LOST'; end if;
    select * into v_market from market where market_id = p_market;
    if not found or not exists (select 1 from market_outcome where market_id = p_market and token_id = p_token
                                and outcome = p_outcome) then return 'UNKNOWN_MARKET'; end if;
    v_notional := dollars_at_risk(p_side, p_time_in_force, p_price, p_shares, v_market.taker_fee_rate);
    v_guard := lock_market(p_account, p_market);
    if p_purpose = 'entry' then
        v_refusal := refuse_entry(v_account, v_guard, v_market, p_tag, p_outcome, p_token, p_rung, p_attempt,
                                  p_price, v_notional, p_domain_now);
    else
        v_refusal := refuse_exit(v_account, p_market, p_token, p_shares);
    end if;
    if v_refusal is not null then return v_refusal; end if;
    insert into orders (order_id, account_id, strategy_tag, market_id, token_id, outcome, side, purpose, rung, attempt,
                        price, shares, reserved, time_in_force, post_only, status, venue_order_id, signed_order,
                        valid_until, lease_epoch, correlation_id, occurred_at)
    values (p_order, p_account, p_tag, p_market, p_token, p_outcome, p_side, p_purpose, p_rung, p_attempt, p_price,
            p_shares, v_notional, p_time_in_force, p_post_only, 'submitting', p_venue_order, p_signed, p_valid_until,
            p_epoch, p_correlation, p_domain_now)
    returning * into v_order;
    perform add_reserved(p_account, v_notional);
    perform post(p_account, 'reserve', 'reserved', 'cash', v_notional, p_market, p_order, null);
    insert into order_event (order_id, sequence, event, status, occurred_at)
    values (p_order, 1, 'submitting', 'submitting', p_domain_now);
    perform emit_order(v_order, 'executor', p_domain_now);
    return null;
end $$;
