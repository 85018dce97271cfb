-- A running episode comes again with what was added to it; its first look stays.
insert into decision (account_id, market_id, outcome, verdict, reason, price, repeats, first_at, last_at, first_look, last_look)
select %(account)s, each.*
from unnest(%(markets)s::text[], %(outcomes)s::text[], %(verdicts)s::text[], %(reasons)s::text[], %(prices)s::numeric[],
            %(repeats)s::bigint[], %(first_at)s::timestamptz[], %(last_at)s::timestamptz[], %(first_looks)s::jsonb[],
            %(last_looks)s::jsonb[]) as each
on conflict (account_id, market_id, outcome, first_at, verdict, reason) do update set
    price = excluded.price, repeats = decision.repeats + excluded.repeats,
    last_at = greatest(decision.last_at, excluded.last_at), last_look = excluded.last_look
