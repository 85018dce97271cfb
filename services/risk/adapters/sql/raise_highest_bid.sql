select raise_highest_bid(%s, %s, %s, %s)
