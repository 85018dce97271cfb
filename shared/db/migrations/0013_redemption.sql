-- Tokens of ours turned into cash at the venue: one row a try. cash is what it should bring: for a redemption what the
-- settlement has counted already, for a merge one dollar a pair. leaves is what of the market's tokens it leaves at the
-- venue: proof is the venue's balance down to it. signed_calls go out before anybody knows what becomes of them, as an
-- order's bytes do; after valid_until (wall) the chain takes them no more.
create type redemption_action as enum ('redeem', 'merge');
create type redemption_status as enum ('requested', 'submitted', 'proven', 'failed');

create table redemption (
    redemption_id  text primary key,
    account_id     text not null references account,
    market_id      text not null references market,
    action         redemption_action not null,
    attempt        integer not null check (attempt >= 0),
    cash           numeric not null check (cash > 0),
    status         redemption_status not null default 'requested',
    leaves         numeric check (leaves >= 0),
    signed_calls   bytea,
    valid_until    timestamptz,
    transaction_id text,
    detail         text not null default '',
    requested_at   timestamptz not null,
    closed_at      timestamptz,
    recorded_at    timestamptz not null default clock_timestamp(),
    version        bigint not null default 1,
    unique (account_id, market_id, action, attempt),
    check ((signed_calls is null) = (valid_until is null) and (signed_calls is null) = (leaves is null)),
    check (status <> 'submitted' or transaction_id is not null),
    check ((status in ('proven', 'failed')) = (closed_at is not null))
);
-- One at a time in a market: what is under way decides what is left to ask for.
create unique index redemption_under_way on redemption (account_id, market_id)
    where status in ('requested', 'submitted');
create index redemption_by_market on redemption (account_id, market_id);
