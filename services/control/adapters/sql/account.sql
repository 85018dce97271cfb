select a.account_id, a.trading_state::text, a.open_cost, a.reserved, a.max_exposure, a.exposure_peak,
       coalesce((select jsonb_agg(jsonb_build_array(c.cause, c.state, c.detail, c.set_by, c.since) order by c.since)
                 from trading_cause c where c.account_id = a.account_id), '[]'::jsonb)
from account a where a.account_id = %(account)s
