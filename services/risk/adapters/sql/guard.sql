select guard(%s, %s, %s::trading_state, %s, 'risk', %s)
