-- Whose word a market was settled by, so that a provisional settlement is asked about until the venue has spoken.
alter table market_guard add column settled_kind settlement_kind;
create index market_guard_open on market_guard (account_id, market_id) where settled_kind is distinct from 'venue';
create index positions_held on positions (account_id, market_id) where shares > 0;
