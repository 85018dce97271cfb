select guard_market(%s, %s, %s, 'risk')
