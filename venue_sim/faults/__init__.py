"""The venue's known problems, switched on by name: nothing here happens unless it is asked for."""
