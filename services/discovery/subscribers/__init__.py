"""What reaches discovery: the venue's market channel and its price stream."""
