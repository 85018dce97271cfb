select set_breaker_limits(%s, %s, %s, %s, %s, 'risk')
