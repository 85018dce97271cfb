select settle(%s, %s, %s::jsonb, %s::settlement_kind, %s, %s, 'settlement')
