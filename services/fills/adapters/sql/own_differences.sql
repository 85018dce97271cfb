select subject, round(ours * 1000000)::bigint, round(theirs * 1000000)::bigint from ledger_difference
where account_id = %(account)s
