"""Settings whose rule does not exist yet: any value but the default is refused at start."""

NOT_YET_BUILT: frozenset[str] = frozenset(
    {
        "entry_mode",
        "entry_fair_margin",
        "model_path",
        "fair_value_model",
        "stoploss_peak",
        "stoploss_exit",
        "stoploss_fair_margin",
        "exit_model_path",
        "exit_threshold",
        "cb_max_losses",
        "cb_max_drawdown",
        "cb_daily_limit",
        "journal",
    }
)
