select o.order_id, o.venue_order_id, o.market_id, o.token_id, o.outcome, o.purpose::text, o.status::text, o.shares,
       o.filled, o.venue_matched,
       o.filled > 0 or o.venue_matched > 0 or exists (
           select 1 from order_event e where e.order_id = o.order_id and e.event in ('accepted', 'matched', 'fill')),
       case when g.both_sides or g.held_token <> o.token_id then 'OTHER_SIDE_HELD'
            when g.exited then 'EXITED' else '' end,
       o.valid_until, o.cancel_requested_at, m.slot_end, o.time_in_force
from orders o join market m using (market_id) left join market_guard g using (account_id, market_id)
where o.account_id = %(account)s and o.status not in ('filled', 'cancelled', 'rejected', 'expired')
  and (%(market)s::text is null or o.market_id = %(market)s) and (%(order)s::text is null or o.order_id = %(order)s)
order by o.recorded_at
