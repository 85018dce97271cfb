"""One module per published data set."""
