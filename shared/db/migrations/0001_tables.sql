-- Tables by noun. Money and sizes are numeric, instants timestamptz, ids text; uniqueness carries the rules.
-- occurred_at is the venue's (domain) time, recorded_at is ours (wall).

create type order_status as enum (
    'submitting', 'uncertain', 'live', 'partly_filled', 'cancelling', 'filled', 'cancelled', 'rejected', 'expired');
create type order_side as enum ('BUY', 'SELL');
create type order_purpose as enum ('entry', 'exit');
create type trading_state as enum ('active', 'reducing', 'halted');
create type fill_status as enum ('provisional', 'confirmed', 'failed');
create type ledger_event as enum ('reserve', 'release', 'fill', 'fee', 'settle', 'adjust', 'deposit', 'withdraw');
create type ledger_book as enum ('cash', 'reserved', 'inventory', 'fees', 'profit', 'capital');
create type settlement_kind as enum ('venue', 'provisional', 'forced', 'adjust', 'sale');

create table clock_origin (
    run_id        text primary key,
    origin_wall   timestamptz not null,
    origin_domain timestamptz not null,
    speed         numeric not null check (speed > 0),
    recorded_at   timestamptz not null default clock_timestamp()
);

create table market (
    market_id        text primary key,
    venue            text not null,
    slug             text not null,
    coin             text not null,
    slot_start       timestamptz not null,
    slot_end         timestamptz not null,
    tick             numeric not null check (tick > 0 and tick < 1),
    min_shares       numeric not null check (min_shares >= 0),
    taker_fee_rate   numeric not null check (taker_fee_rate >= 0),
    protocol_version text not null check (protocol_version in ('v1', 'v2')),
    neg_risk         boolean not null,
    accepting_orders boolean not null,
    version          bigint not null default 1,
    recorded_at      timestamptz not null default clock_timestamp(),
    unique (venue, slug),
    check (slot_end > slot_start)
);

create table market_outcome (
    market_id text not null references market,
    position  smallint not null check (position in (0, 1)),
    outcome   text not null,
    token_id  text not null unique,
    primary key (market_id, position),
    unique (market_id, outcome)
);

create table strike (
    market_id   text primary key references market,
    price       numeric not null check (price > 0),
    source      text not null,
    provenance  text not null check (provenance in ('exact', 'prior', 'website', 'metadata')),
    occurred_at timestamptz not null,
    version     bigint not null default 1,
    recorded_at timestamptz not null default clock_timestamp()
);

create table account (
    account_id    text primary key,
    venue         text not null,
    mode          text not null check (mode in ('paper', 'live')),
    wallet        text not null,
    max_exposure  numeric not null check (max_exposure >= 0),
    open_cost     numeric not null default 0,
    reserved      numeric not null default 0 check (reserved >= 0),
    exposure_peak numeric not null default 0,
    trading_state trading_state not null default 'active',
    version       bigint not null default 0,
    recorded_at   timestamptz not null default clock_timestamp(),
    unique (venue, mode, wallet)
);

create table trading_cause (
    account_id text not null references account,
    cause      text not null,
    state      trading_state not null check (state <> 'active'),
    detail     text not null default '',
    cancels    boolean not null default true,
    set_by     text not null,
    since      timestamptz not null default clock_timestamp(),
    primary key (account_id, cause)
);

create table market_guard (
    account_id          text not null references account,
    market_id           text not null references market,
    held_token          text,
    both_sides          boolean not null default false,
    exited              boolean not null default false,
    awaiting_settlement boolean not null default false,
    settled             boolean not null default false,
    unmatched_fills     integer not null default 0 check (unmatched_fills >= 0),
    swept_until         timestamptz,
    version             bigint not null default 0,
    primary key (account_id, market_id)
);

create table orders (
    order_id            text primary key,
    account_id          text not null references account,
    strategy_tag        text not null,
    market_id           text not null references market,
    token_id            text not null,
    outcome             text not null,
    side                order_side not null,
    purpose             order_purpose not null,
    rung                integer not null check (rung >= 0),
    attempt             integer not null check (attempt >= 0),
    price               numeric not null check (price > 0 and price < 1),
    shares              numeric not null check (shares > 0),
    filled              numeric not null default 0 check (filled >= 0),
    venue_matched       numeric not null default 0,
    reserved            numeric not null default 0 check (reserved >= 0),
    time_in_force       text not null,
    post_only           boolean not null,
    status              order_status not null,
    status_reason       text not null default '',
    venue_order_id      text unique,
    signed_order        bytea,
    valid_until         timestamptz not null,
    lease_epoch         bigint not null,
    correlation_id      text not null,
    occurred_at         timestamptz not null,
    recorded_at         timestamptz not null default clock_timestamp(),
    written_at          timestamptz,
    cancel_requested_at timestamptz,
    closed_at           timestamptz,
    version             bigint not null default 1,
    unique (account_id, strategy_tag, market_id, outcome, purpose, rung, attempt)
);
create index orders_unresolved on orders (account_id, status)
    where status not in ('filled', 'cancelled', 'rejected', 'expired');
create index orders_by_market on orders (account_id, market_id, outcome, rung);

create table order_event (
    order_id    text not null references orders,
    sequence    bigint not null,
    event       text not null,
    status      order_status not null,
    reason      text not null default '',
    occurred_at timestamptz not null,
    recorded_at timestamptz not null default clock_timestamp(),
    primary key (order_id, sequence)
);

create table fill (
    fill_id     bigint generated always as identity primary key,
    account_id  text not null references account,
    trade_id    text not null,
    order_id    text not null references orders,
    bucket      text not null default '',
    market_id   text not null references market,
    token_id    text not null,
    outcome     text not null,
    side        order_side not null,
    price       numeric not null check (price >= 0 and price <= 1),
    shares      numeric not null check (shares > 0),
    fee         numeric not null default 0 check (fee >= 0),
    liquidity   text not null check (liquidity in ('maker', 'taker')),
    status      fill_status not null,
    source      text not null,
    occurred_at timestamptz not null,
    recorded_at timestamptz not null default clock_timestamp(),
    version     bigint not null default 1,
    unique (account_id, trade_id, order_id, bucket)
);
create index fill_by_market on fill (account_id, market_id);

create table unmatched_fill (
    unmatched_id bigint generated always as identity primary key,
    account_id   text not null references account,
    market_id    text references market,
    identity     text not null,
    reason       text not null,
    payload      jsonb not null,
    recorded_at  timestamptz not null default clock_timestamp(),
    resolved_at  timestamptz,
    unique (account_id, identity)
);

create table positions (
    account_id       text not null references account,
    market_id        text not null references market,
    token_id         text not null,
    outcome          text not null,
    shares           numeric not null default 0 check (shares >= 0),
    confirmed_shares numeric not null default 0,
    cost             numeric not null default 0,
    fees             numeric not null default 0,
    settled_shares   numeric not null default 0 check (settled_shares >= 0),
    settled_cost     numeric not null default 0,
    settled_fees     numeric not null default 0,
    settled_payout   numeric,
    realised         numeric not null default 0,
    highest_bid      numeric,
    filled_at        timestamptz not null,
    version          bigint not null default 1,
    primary key (account_id, market_id, token_id)
);

create table position_leg (
    account_id text not null references account,
    order_id   text not null references orders,
    market_id  text not null references market,
    token_id   text not null,
    shares     numeric not null,
    cost       numeric not null,
    primary key (account_id, order_id)
);

create table settlement (
    settlement_id bigint generated always as identity primary key,
    account_id    text not null references account,
    market_id     text not null references market,
    token_id      text not null,
    kind          settlement_kind not null,
    payout        numeric not null,
    shares        numeric not null,
    cost          numeric not null,
    fees          numeric not null,
    profit        numeric not null,
    source        text not null,
    occurred_at   timestamptz not null,
    recorded_at   timestamptz not null default clock_timestamp()
);
create index settlement_by_market on settlement (account_id, market_id);

create table ledger_entry (
    entry_id    bigint generated always as identity primary key,
    account_id  text not null references account,
    event       ledger_event not null,
    debit       ledger_book not null,
    credit      ledger_book not null,
    amount      numeric not null check (amount > 0),
    market_id   text,
    order_id    text,
    fill_id     bigint,
    recorded_at timestamptz not null default clock_timestamp(),
    check (debit <> credit)
);
create index ledger_entry_by_account on ledger_entry (account_id);

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
    primary key (account_id, market_id, outcome, verdict, reason)
);

create table outbox (
    outbox_id      bigint generated always as identity primary key,
    message_id     text not null unique,
    subject        text not null,
    schema         text not null,
    key            text not null,
    key_sequence   bigint not null,
    producer       text not null,
    correlation_id text not null,
    causation_id   text,
    occurred_at    timestamptz not null,
    recorded_at    timestamptz not null default clock_timestamp(),
    body           jsonb not null,
    published_at   timestamptz
);
create index outbox_unpublished on outbox (outbox_id) where published_at is null;

create table inbox (
    consumer    text not null,
    message_id  text not null,
    recorded_at timestamptz not null default clock_timestamp(),
    primary key (consumer, message_id)
);

create table parked_frame (
    parked_id   bigint generated always as identity primary key,
    source      text not null,
    reason      text not null,
    excerpt     text not null,
    recorded_at timestamptz not null default clock_timestamp()
);

create table lease (
    name       text primary key,
    holder     text not null,
    epoch      bigint not null,
    expires_at timestamptz not null
);

create table liveness (
    account_id text not null,
    service    text not null,
    instance   text not null,
    seen_at    timestamptz not null,
    primary key (account_id, service)
);

create table operator_action (
    action_id   bigint generated always as identity primary key,
    account_id  text not null references account,
    actor       text not null,
    act         text not null,
    detail      text not null default '',
    recorded_at timestamptz not null default clock_timestamp()
);
