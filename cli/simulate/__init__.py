"""All services in one process on a clock of its own, with the real SQL, and the venue's ledger as the judge."""
