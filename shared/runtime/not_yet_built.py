"""Settings whose rule does not exist yet: any value but the default is refused at start."""

NOT_YET_BUILT: frozenset[str] = frozenset(
    {
        "profile",
        "entry_mode",
        "min_move_pct",
        "max_move_pct",
        "entry_fair_margin",
        "min_book_depth",
        "avoid_hours_utc",
        "spread_size_mult",
        "taker",
        "min_edge",
        "no_edge_decay",
        "model_path",
        "hybrid_skip_below",
        "hybrid_taker_above",
        "journal",
    }
)
