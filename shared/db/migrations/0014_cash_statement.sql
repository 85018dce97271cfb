-- The wallet's dollars at the venue when both sides agreed last and nothing was under way: cash is what the venue showed
-- and what winnings that were tokens still will bring. What is expected later is that and what the ledger has moved since:
-- entry_id and fill_id are the newest that were counted, so nothing is added up twice, nor from the beginning.
create table cash_statement (
    account_id text primary key references account,
    cash       numeric not null,
    entry_id   bigint not null,
    fill_id    bigint not null,
    opened_at  timestamptz not null default clock_timestamp(),
    renewed_at timestamptz not null default clock_timestamp()
);
-- What of a settled position's payout has left the venue's tokens: redeemed by us, by hand, or by the venue itself.
alter table positions add column paid_out numeric not null default 0;
create index positions_unpaid on positions (account_id) where settled_shares * settled_payout > paid_out;
create index fill_provisional on fill (account_id) where status = 'provisional';
create index fill_by_account on fill (account_id, fill_id);
drop index ledger_entry_by_account;
create index ledger_entry_by_account on ledger_entry (account_id, entry_id);
alter table unexplained_case drop constraint unexplained_case_kind_check;
alter table unexplained_case
    add constraint unexplained_case_kind_check check (kind in ('order', 'fill', 'balance', 'ledger', 'dollars', 'surplus'));
