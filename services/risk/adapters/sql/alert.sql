select alert(%s, %s, 'risk')
