"""One page about what was traded (docs/report.md): from the tables, from a replay's files, or from a recording."""
