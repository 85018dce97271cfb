-- Append-only double entry. A negative amount is the same move the other way round; nothing moves, nothing is written.
create or replace function post(
    p_account text, p_event ledger_event, p_debit ledger_book, p_credit ledger_book, p_amount numeric,
    p_market text, p_order text, p_fill bigint)
returns void language sql as $$
    insert into ledger_entry (account_id, event, debit, credit, amount, market_id, order_id, fill_id)
    select p_account, p_event,
           case when p_amount > 0 then p_debit else p_credit end,
           case when p_amount > 0 then p_credit else p_debit end,
           abs(p_amount), p_market, p_order, p_fill
    where p_amount <> 0;
$$;

create or replace view ledger_balance as
select account_id, book, sum(amount) as balance
from (select account_id, debit as book, amount from ledger_entry
      union all
      select account_id, credit, -amount from ledger_entry) as moves
group by account_id, book;

-- What the account row says beside what its orders, its positions and its ledger say. All three agree, always.
create or replace view account_audit as
select a.account_id,
       a.open_cost, a.reserved,
       coalesce((select sum(p.cost) from positions p where p.account_id = a.account_id), 0) as positions_cost,
       coalesce((select sum(o.reserved) from orders o where o.account_id = a.account_id), 0) as orders_reserved,
       coalesce((select balance from ledger_balance l where l.account_id = a.account_id and book = 'inventory'), 0)
           as ledger_inventory,
       coalesce((select balance from ledger_balance l where l.account_id = a.account_id and book = 'reserved'), 0)
           as ledger_reserved,
       coalesce((select -sum(balance) from ledger_balance l
                 where l.account_id = a.account_id and book in ('profit', 'fees')), 0) as ledger_profit,
       coalesce((select sum(s.profit) from settlement s where s.account_id = a.account_id), 0)
         - coalesce((select sum(p.fees) from positions p where p.account_id = a.account_id), 0) as settled_profit
from account a;

create or replace function add_reserved(p_account text, p_amount numeric)
returns void language sql as $$
    update account set reserved = reserved + p_amount,
        exposure_peak = greatest(exposure_peak, open_cost + reserved + p_amount)
    where account_id = p_account;
$$;

create or replace function add_open_cost(p_account text, p_amount numeric)
returns void language sql as $$
    update account set open_cost = open_cost + p_amount,
        exposure_peak = greatest(exposure_peak, open_cost + p_amount + reserved)
    where account_id = p_account;
$$;
