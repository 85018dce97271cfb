create or replace function emit_settled(
    p_position positions, p_kind settlement_kind, p_payout numeric, p_shares numeric, p_cost numeric, p_profit numeric,
    p_source text, p_by text, p_occurred_at timestamptz)
returns void language sql as $$
    select emit('pm.v1.settlement.position_settled.' || p_position.market_id, 'settlement.position_settled.v1',
        p_position.account_id || '/' || p_position.token_id, p_position.version, p_by, p_position.market_id, null,
        p_occurred_at, jsonb_build_object('account', p_position.account_id, 'market', p_position.market_id,
            'token', p_position.token_id, 'outcome', p_position.outcome, 'kind', p_kind, 'payout', p_payout::text,
            'shares', p_shares::text, 'cost', p_cost::text, 'profit', p_profit::text, 'source', p_source));
$$;

-- One position against a payout per share. A level, not an event: it books the difference between what this payout
-- makes of the position and what was booked before, so a correction or a late fill becomes a visible adjustment.
create or replace function settle_position(
    p_position positions, p_payout numeric, p_kind settlement_kind, p_source text, p_occurred_at timestamptz, p_by text)
returns numeric language plpgsql as $$
declare
    v_correction numeric := p_position.settled_shares * (p_payout - coalesce(p_position.settled_payout, p_payout));
    v_gross numeric := p_position.shares * p_payout - p_position.cost + v_correction;
    v_profit numeric := v_gross - p_position.fees;
    v_first boolean := p_position.settled_payout is null;
    v_position positions;
begin
    if not v_first and p_position.shares = 0 and p_position.cost = 0 and p_position.fees = 0 and v_correction = 0 then
        -- Of shares that were all sold nothing is left to pay; the payout is the last word's all the same.
        update positions set settled_payout = p_payout
        where account_id = p_position.account_id and market_id = p_position.market_id
          and token_id = p_position.token_id and settled_payout <> p_payout;
        return 0;
    end if;
    update positions set settled_shares = settled_shares + shares, settled_cost = settled_cost + cost,
        settled_fees = settled_fees + fees, settled_payout = p_payout, realised = realised + v_profit,
        shares = 0, confirmed_shares = 0, cost = 0, fees = 0, version = version + 1
    where account_id = p_position.account_id and market_id = p_position.market_id and token_id = p_position.token_id
    returning * into v_position;
    insert into settlement (account_id, market_id, token_id, kind, payout, shares, cost, fees, profit, source,
                            occurred_at)
    values (p_position.account_id, p_position.market_id, p_position.token_id,
            case when v_first then p_kind else 'adjust' end, p_payout, p_position.shares, p_position.cost,
            p_position.fees, v_profit, p_source, p_occurred_at);
    perform add_open_cost(p_position.account_id, -p_position.cost);
    perform post(p_position.account_id, case when v_first then 'settle' else 'adjust' end::ledger_event, 'cash',
                 'inventory', p_position.cost, p_position.market_id, null, null);
    perform post(p_position.account_id, case when v_first then 'settle' else 'adjust' end::ledger_event, 'cash',
                 'profit', v_gross, p_position.market_id, null, null);
    perform emit_position(v_position, p_by, p_position.market_id, p_occurred_at);
    perform emit_settled(v_position, case when v_first then p_kind else 'adjust' end, p_payout, p_position.shares,
                         p_position.cost, v_profit, p_source, p_by, p_occurred_at);
    perform hear_settled(v_position, v_first, p_occurred_at, p_by);
    if v_correction <> 0 then
        perform alert(p_position.account_id, 'a settlement was corrected: a share of ' || p_position.outcome || ' in '
            || p_position.market_id || ' pays ' || p_payout || ' and not ' || p_position.settled_payout || ', says '
            || p_source, p_by);
    end if;
    return v_profit;
end $$;

-- p_payouts: {token: cash per share}. The venue's word is final only when every order of the market is final and every
-- fill up to the market's end was swept; what was kept for fills that never came goes back. Returns settled,
-- waiting_orders, waiting_sweep, unknown_token or venue_spoke: a lesser word after the venue's changes nothing.
create or replace function settle(
    p_account text, p_market text, p_payouts jsonb, p_kind settlement_kind, p_source text, p_occurred_at timestamptz,
    p_by text)
returns text language plpgsql security definer set search_path = public as $$
declare
    v_guard market_guard;
    v_position positions;
    v_order orders;
    v_end timestamptz;
begin
    perform 1 from account where account_id = p_account for update;
    v_guard := lock_market(p_account, p_market);
    select slot_end into strict v_end from market where market_id = p_market;
    if exists (select 1 from market_outcome where market_id = p_market and not p_payouts ? token_id) then
        return 'unknown_token';
    end if;
    if v_guard.settled_kind = 'venue' and p_kind <> 'venue' then return 'venue_spoke'; end if;
    if exists (select 1 from orders where account_id = p_account and market_id = p_market
               and status not in ('filled', 'cancelled', 'rejected', 'expired')) then return 'waiting_orders'; end if;
    if v_guard.swept_until is null or v_guard.swept_until < v_end then return 'waiting_sweep'; end if;
    for v_order in select * from orders where account_id = p_account and market_id = p_market and reserved > 0 loop
        perform release_order(v_order, 0);
    end loop;
    for v_position in select * from positions where account_id = p_account and market_id = p_market order by token_id
    loop
        perform settle_position(v_position, (p_payouts ->> v_position.token_id)::numeric, p_kind, p_source,
                                p_occurred_at, p_by);
    end loop;
    perform settle_shadow(p_account, p_market, p_payouts, p_occurred_at);
    if p_kind = 'forced' and v_guard.settled_kind is null then
        perform alert(p_account, 'settled as a loss without the venue''s word: ' || p_market || ', ' || p_source, p_by);
    end if;
    update market_guard set settled = true, awaiting_settlement = false, settled_kind = p_kind, version = version + 1
    where account_id = p_account and market_id = p_market and settled_kind is distinct from p_kind;
    return 'settled';
end $$;

-- What each closed position came to, sold out or settled: the sign of its profit is its win or loss. Less than the venue's
-- smallest step of shares is nothing. A later correction changes the profit, not the instant.
create or replace view position_result as
select p.account_id, p.market_id, p.token_id, p.realised - p.fees as profit, booked.closed_at, booked.recorded_at
from positions p, lateral (
    select coalesce(max(occurred_at) filter (where kind = 'sale'), min(occurred_at) filter (where kind <> 'adjust'))
               as closed_at,
           coalesce(max(recorded_at) filter (where kind = 'sale'), min(recorded_at) filter (where kind <> 'adjust'))
               as recorded_at
    from settlement s
    where s.account_id = p.account_id and s.market_id = p.market_id and s.token_id = p.token_id) booked
where p.shares < 0.01 and booked.closed_at is not null;

-- Cash that people moved at the venue: the ledger hears of it by hand.
create or replace function adjust_cash(p_account text, p_event ledger_event, p_amount numeric, p_actor text,
                                       p_detail text)
returns void language plpgsql security definer set search_path = public as $$
begin
    if p_amount <= 0 or p_event not in ('deposit', 'withdraw') then
        raise exception 'deposit or withdraw a positive amount';
    end if;
    perform 1 from account where account_id = p_account for update;
    insert into operator_action (account_id, actor, act, detail) values (p_account, p_actor, p_event::text, p_detail);
    perform post(p_account, p_event, 'cash', 'capital', case when p_event = 'deposit' then p_amount else -p_amount end,
                 null, null, null);
end $$;
