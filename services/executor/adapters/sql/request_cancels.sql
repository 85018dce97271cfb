select asked.order_id,
       apply_order_event(%(account)s, asked.order_id, 'cancel_requested', null, %(reason)s, %(occurred_at)s, 'executor',
                         %(lease)s, %(epoch)s)::text
from unnest(%(orders)s::text[]) as asked (order_id)
