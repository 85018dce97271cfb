select alert(%s, %s, 'settlement')
