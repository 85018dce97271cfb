-- Leaving early: how often a market's entries were asked to close, and up to which request that was reported.
alter table market_guard add column exit_requests bigint not null default 0,
    add column exit_reports bigint not null default 0;
create index market_guard_closing on market_guard (account_id, market_id) where exit_requests > exit_reports;
-- Profit of a position sold out that the breaker has heard, so that a position that comes back is not counted twice.
alter table positions add column heard numeric not null default 0;
drop function if exists why_unbookable(orders, numeric);
