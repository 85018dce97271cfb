select guard_market(%s, %s, 'awaiting_settlement', 'settlement')
