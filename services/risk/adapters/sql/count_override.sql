select count_override(%s, %s, %s)
