select coalesce((select sum(profit) from settlement where account_id = %(account)s), 0),
       coalesce((select sum(profit) from settlement where account_id = %(account)s
                 and occurred_at >= date_trunc('day', %(now)s::timestamptz, 'UTC')), 0),
       coalesce((select sum(fee) from fill where account_id = %(account)s and status <> 'failed'), 0),
       (select count(*) from position_result where account_id = %(account)s and profit > 0),
       (select count(*) from position_result where account_id = %(account)s and profit < 0),
       (select count(*) from fill where account_id = %(account)s and status <> 'failed'),
       (select count(*) from shadow_entry where account_id = %(account)s and result = 'won'),
       (select count(*) from shadow_entry where account_id = %(account)s and result in ('lost', 'stopped')),
       coalesce((select sum(profit) from shadow_entry where account_id = %(account)s), 0)
