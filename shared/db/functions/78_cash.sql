-- The venue's dollars agreed with the ledger up to that entry and that fill: what is expected from now on follows from
-- here. An older look changes nothing. Returns whether it was this one.
create or replace function state_cash(
    p_account text, p_cash numeric, p_entry bigint, p_fill bigint, p_lease text default null,
    p_epoch bigint default null)
returns boolean language plpgsql security definer set search_path = public as $$
begin
    perform 1 from account where account_id = p_account for update;
    perform fence(p_lease, p_epoch);
    insert into cash_statement as s (account_id, cash, entry_id, fill_id) values (p_account, p_cash, p_entry, p_fill)
    on conflict (account_id) do update set cash = excluded.cash, entry_id = excluded.entry_id,
        fill_id = excluded.fill_id, renewed_at = excluded.renewed_at
    where s.entry_id <= excluded.entry_id and s.fill_id <= excluded.fill_id;
    return found;
end $$;

-- The venue shows no such token any more: what it paid so far is cash.
create or replace function mark_paid_out(
    p_account text, p_tokens text[], p_lease text default null, p_epoch bigint default null)
returns void language plpgsql security definer set search_path = public as $$
begin
    perform 1 from account where account_id = p_account for update;
    perform fence(p_lease, p_epoch);
    update positions set paid_out = settled_shares * settled_payout
    where account_id = p_account and token_id = any(p_tokens) and settled_shares * settled_payout > paid_out;
end $$;
