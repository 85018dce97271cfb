-- One row per unbroken run of the same answer, with its first and its latest look: what was decided at an instant is the
-- row that had begun last. A look holds the resting order (null for an entry), the inputs' identity and each filter.
drop table decision;
create table decision (
    account_id  text not null,
    market_id   text not null references market,
    outcome     text not null,
    verdict     text not null,
    reason      text not null,
    price       numeric,
    repeats     bigint not null default 1,
    first_at    timestamptz not null,
    last_at     timestamptz not null,
    first_look  jsonb,
    last_look   jsonb,
    primary key (account_id, market_id, outcome, first_at, verdict, reason)
);
