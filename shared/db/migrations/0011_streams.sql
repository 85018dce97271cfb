-- When each stream was made: one that was made anew since has lost what it held, and is refilled from the outbox.
create table stream (
    name        text primary key,
    made_at     timestamptz not null,
    refilled_at timestamptz not null default clock_timestamp()
);

create index outbox_published on outbox (published_at);
