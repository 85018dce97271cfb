select kind, subject from unexplained_case where account_id = %(account)s and closed_at is null
