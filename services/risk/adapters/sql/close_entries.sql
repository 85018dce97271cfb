select close_entries(%s, %s, %s, 'risk', %s)
