select a.trading_state::text,
       coalesce((select jsonb_agg(jsonb_build_object('name', c.cause, 'state', c.state, 'cancels', c.cancels,
                                                     'detail', c.detail) order by c.cause)
                 from trading_cause c where c.account_id = a.account_id), '[]'::jsonb),
       (select c.since from trading_cause c where c.account_id = a.account_id and c.cause = 'kill'),
       coalesce((select jsonb_object_agg(l.service, extract(epoch from clock_timestamp() - l.seen_at))
                 from liveness l where l.account_id = a.account_id), '{}'::jsonb),
       a.open_cost + a.reserved,
       a.max_exposure
from account a
where a.account_id = %s
