select market_id, trade_id, token_id, outcome, stake, taker_fee_rate, occurred_at from shadow_due
where account_id = %(account)s
