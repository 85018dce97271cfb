select coalesce((select sum(profit) from settlement where account_id = %(account)s), 0),
       coalesce((select sum(profit) from settlement where account_id = %(account)s
                 and occurred_at >= date_trunc('day', %(now)s::timestamptz, 'UTC')), 0),
       coalesce((select sum(fee) from fill where account_id = %(account)s and status <> 'failed'), 0),
       (select count(*) from positions where account_id = %(account)s and settled_payout is not null and realised > 0),
       (select count(*) from positions where account_id = %(account)s and settled_payout is not null and realised < 0),
       (select count(*) from fill where account_id = %(account)s and status <> 'failed')
