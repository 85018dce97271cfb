-- The shadow taker: beside the account, never part of it. Nothing here writes any other table.

-- Markets whose first fill has no shadow yet, each with that fill and the dollars of its order.
create or replace view shadow_due as
select f.account_id, f.market_id, f.trade_id, f.token_id, f.outcome, o.price * o.shares as stake, m.taker_fee_rate,
       f.occurred_at
from (select distinct on (account_id, market_id) * from fill
      where side = 'BUY' and status <> 'failed' order by account_id, market_id, fill_id) f
join orders o using (order_id) join market m on m.market_id = f.market_id
where not exists (select 1 from shadow_entry s where s.account_id = f.account_id and s.market_id = f.market_id);

-- One a market: the first word stays. Says whether this was it. A market that was settled or left meanwhile is so for its
-- shadow too.
create or replace function enter_shadow(
    p_account text, p_market text, p_token text, p_outcome text, p_ask numeric, p_fee_per_share numeric,
    p_stake numeric, p_shares numeric, p_result shadow_result, p_entered_at timestamptz,
    p_lease text default null, p_epoch bigint default null)
returns boolean language plpgsql security definer set search_path = public as $$
declare
    v_settled positions;
begin
    perform 1 from account where account_id = p_account for update;
    perform fence(p_lease, p_epoch);
    insert into shadow_entry (account_id, market_id, token_id, outcome, ask, fee_per_share, stake, shares, result,
                              entered_at)
    values (p_account, p_market, p_token, p_outcome, p_ask, p_fee_per_share, p_stake, p_shares, p_result, p_entered_at)
    on conflict do nothing;
    if not found then return false; end if;
    select * into v_settled from positions
     where account_id = p_account and market_id = p_market and token_id = p_token;
    if exists (select 1 from settlement where account_id = p_account and market_id = p_market and token_id = p_token
               and kind = 'sale') and v_settled.shares < 0.01 then
        perform stop_shadow(p_account, p_market, p_entered_at);
    elsif v_settled.settled_payout is not null then
        perform settle_shadow(p_account, p_market, jsonb_build_object(p_token, v_settled.settled_payout::text),
                              p_entered_at);
    end if;
    return true;
end $$;

-- A level like the settlement beside it: the venue's later word replaces a guess. What was stopped stays a loss.
create or replace function settle_shadow(p_account text, p_market text, p_payouts jsonb, p_occurred_at timestamptz)
returns void language sql as $$
    update shadow_entry set settled_at = p_occurred_at, payout = (p_payouts ->> token_id)::numeric,
        profit = shares * (p_payouts ->> token_id)::numeric - stake,
        recorded_at = clock_timestamp(),
        result = case when shares * (p_payouts ->> token_id)::numeric > stake then 'won' else 'lost' end::shadow_result
    where account_id = p_account and market_id = p_market and result in ('open', 'won', 'lost')
      and payout is distinct from (p_payouts ->> token_id)::numeric;
$$;

-- The maker left early: the shadow lost its stake.
create or replace function stop_shadow(p_account text, p_market text, p_occurred_at timestamptz)
returns void language sql as $$
    update shadow_entry set settled_at = p_occurred_at, profit = -stake, result = 'stopped',
        recorded_at = clock_timestamp()
    where account_id = p_account and market_id = p_market and result = 'open';
$$;
