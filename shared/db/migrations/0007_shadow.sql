-- The shadow taker (strategy section 8): what a taker would have paid at a market's first fill. Imaginary: no row of it
-- is joined to by anything that trades or counts money. An entry without an ask has no shares and is over at once:
-- no_ask (nothing was offered) or missed (nobody had seen the book at that instant). recorded_at is of its last change.
create type shadow_result as enum ('open', 'won', 'lost', 'stopped', 'no_ask', 'missed');
create table shadow_entry (
    account_id    text not null references account,
    market_id     text not null references market,
    token_id      text not null,
    outcome       text not null,
    ask           numeric check (ask > 0 and ask <= 1),
    fee_per_share numeric check (fee_per_share >= 0),
    stake         numeric not null check (stake > 0),
    shares        numeric check (shares > 0),
    entered_at    timestamptz not null,
    settled_at    timestamptz,
    payout        numeric,
    profit        numeric,
    result        shadow_result not null,
    recorded_at   timestamptz not null default clock_timestamp(),
    primary key (account_id, market_id),
    check ((result in ('no_ask', 'missed')) = (ask is null)),
    check ((ask is null) = (fee_per_share is null) and (ask is null) = (shares is null)),
    check ((result in ('won', 'lost', 'stopped')) = (profit is not null))
);

create index operator_action_alerts on operator_action (account_id, action_id) where act = 'alert';
