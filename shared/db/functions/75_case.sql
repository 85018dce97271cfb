-- Where a ledger and what is made of it do not say the same. Every change is one transaction, so there is none, ever.
create or replace view ledger_difference as
select account_id, subject, ours, theirs from account_audit, lateral (values
    ('open cost and positions', open_cost, positions_cost),
    ('open cost and ledger', open_cost, ledger_inventory),
    ('reserved and orders', reserved, orders_reserved),
    ('reserved and ledger', reserved, ledger_reserved),
    ('profit and ledger', settled_profit, ledger_profit)) as said (subject, ours, theirs)
where ours <> theirs
union all
select o.account_id, 'order ' || o.order_id, o.filled, coalesce(f.shares, 0)
from orders o left join (select order_id, sum(shares) as shares from fill where status <> 'failed' group by 1) f
    using (order_id)
where o.filled <> coalesce(f.shares, 0)
union all
select p.account_id, 'position ' || p.token_id, p.shares, coalesce(f.shares, 0) - p.settled_shares
from positions p left join (
    select account_id, market_id, token_id, sum(case when side = 'BUY' then shares else -shares end) as shares
    from fill where status <> 'failed' group by 1, 2, 3) f using (account_id, market_id, token_id)
where p.shares <> coalesce(f.shares, 0) - p.settled_shares;

-- A difference outlived its grace: it is kept with both sides, told, and entries close until no case is open. Returns
-- whether it is a new one.
create or replace function open_case(
    p_account text, p_kind text, p_subject text, p_market text, p_ours jsonb, p_theirs jsonb, p_amount numeric,
    p_by text, p_lease text default null, p_epoch bigint default null)
returns boolean language plpgsql security definer set search_path = public as $$
declare
    v_case bigint;
    v_words text;
begin
    perform 1 from account where account_id = p_account for update;
    perform fence(p_lease, p_epoch);
    insert into unexplained_case (account_id, kind, subject, market_id, ours, theirs, amount)
    values (p_account, p_kind, p_subject, p_market, p_ours, p_theirs, p_amount)
    on conflict (account_id, kind, subject) where closed_at is null do nothing returning case_id into v_case;
    if not found then return false; end if;
    v_words := 'case ' || v_case || ', ' || p_kind || ' ' || p_subject || ': here ' || p_ours || ', there ' || p_theirs;
    if p_kind = 'surplus' then
        perform alert(p_account, 'unexplained, tell it with `adjust deposit`: ' || v_words, p_by);
        return true;
    end if;
    perform alert(p_account, 'unexplained, entries are closed: ' || v_words, p_by);
    perform guard(p_account, 'unexplained', 'reducing', v_words, p_by);
    return true;
end $$;

-- The difference is gone. Entries open again with the last case. Returns whether it was open.
create or replace function close_case(
    p_account text, p_kind text, p_subject text, p_by text, p_lease text default null, p_epoch bigint default null)
returns boolean language plpgsql security definer set search_path = public as $$
begin
    perform 1 from account where account_id = p_account for update;
    perform fence(p_lease, p_epoch);
    update unexplained_case set closed_at = clock_timestamp()
    where account_id = p_account and kind = p_kind and subject = p_subject and closed_at is null;
    if not found then return false; end if;
    if not exists (
        select 1 from unexplained_case where account_id = p_account and closed_at is null and kind <> 'surplus') then
        perform guard(p_account, 'unexplained', 'active', '', p_by);
    end if;
    return true;
end $$;
