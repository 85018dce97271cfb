-- A difference between our ledger, the venue's trades and its balances that nothing explains (or between our ledger and
-- itself): both sides as they were when it was opened. amount is in shares, of kind ledger also in dollars.
create table unexplained_case (
    case_id    bigint generated always as identity primary key,
    account_id text not null references account,
    kind       text not null check (kind in ('order', 'fill', 'balance', 'ledger')),
    subject    text not null,
    market_id  text,
    ours       jsonb not null,
    theirs     jsonb not null,
    amount     numeric not null check (amount > 0),
    opened_at  timestamptz not null default clock_timestamp(),
    closed_at  timestamptz
);
create index unmatched_fill_open on unmatched_fill (account_id) where resolved_at is null;
create unique index unexplained_case_open on unexplained_case (account_id, kind, subject) where closed_at is null;
