"""Settings whose rule does not exist yet: any value but the default is refused at start."""

NOT_YET_BUILT: frozenset[str] = frozenset(
    {
        "entry_mode",
        "model_path",
    }
)
