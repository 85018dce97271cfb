"""Every option of the system in one typed, frozen model (strategy section 11).

An option `max_bid` is `--max-bid` on the command line, `TDMAKER_MAX_BID` in the environment and `max_bid` in the
TOML file. Options win over the environment, that over the file, that over the profile, that over the defaults.
"""

from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Any, Literal, Self, cast

from pydantic import BaseModel, ConfigDict, Field, model_validator

from shared.runtime.setting_types import (
    Coins,
    EvmAddress,
    ExitPrice,
    Hours,
    Http,
    LimitPrice,
    LossLimit,
    Minutes,
    Money,
    NatsUrl,
    Optional,
    Percent,
    PostgresUrl,
    PriceSource,
    Probability,
    RedisUrl,
    Seconds,
    WebSocket,
)

POLYMARKET_ADDRESSES = {
    "clob_url": "https://clob.polymarket.com",
    "gamma_url": "https://gamma-api.polymarket.com",
    "data_url": "https://data-api.polymarket.com",
    "relayer_url": "https://relayer-v2.polymarket.com",
    "market_ws_url": "wss://ws-subscriptions-clob.polymarket.com/ws/market",
    "user_ws_url": "wss://ws-subscriptions-clob.polymarket.com/ws/user",
    "price_ws_url": "wss://ws-live-v2.polymarket.com/ws",
}
SIM_PATHS = {
    "clob_url": "",
    "gamma_url": "/gamma",
    "data_url": "/data-api",
    "relayer_url": "/relayer",
    "market_ws_url": "/ws/market",
    "user_ws_url": "/ws/user",
    "price_ws_url": "/ws/price",
}
DEFAULT_SIM_URL = "http://127.0.0.1:8790"
UNBUILT_SOURCES = frozenset({"rtds", "coinbase", "binance"})
PROXY_SOURCES = frozenset({"coinbase", "binance"})


def _option(default: Any, description: str, **constraints: Any) -> Any:
    return Field(default=default, description=description, **constraints)


def _secret(default: Any, description: str) -> Any:
    return Field(default=default, description=description, repr=False, json_schema_extra={"secret": True})


class Settings(BaseModel):
    """All options. Prices, shares and money are Decimal; seconds are of domain time unless the help says wall."""

    model_config = ConfigDict(frozen=True, extra="forbid", validate_default=True, hide_input_in_errors=True)

    # what and where
    venue: Literal["polymarket", "sim"] = _option("sim", "Where to trade: the real venue or the local simulator")
    mode: Literal["paper", "live"] = _option("paper", "paper simulates fills and signs nothing; live places orders")
    profile: Literal["default", "production"] = _option("default", "A named set of values beneath all other sources")
    symbols: Coins = _option(("btc", "eth", "sol", "xrp"), "Coins, separated by commas: BTCUSDT, btc and BTC are one")
    slot_duration: Literal["15m", "5m", "both"] = _option("15m", "Which series of markets to trade")
    strategy_tag: str = _option(
        "crypto_td_maker", "Name of this strategy on its orders and in reports", pattern="^[a-z0-9_]{1,40}$"
    )

    # entry
    target_bid: LimitPrice = _option(Decimal("0.75"), "Lowest bid that is bid for, in dollars, on the 0.01 tick")
    max_bid: LimitPrice = _option(Decimal("0.85"), "Highest bid that is bid for, in dollars, on the 0.01 tick")
    ladder_rungs: int = _option(1, "Orders per market, spread from target_bid to max_bid", ge=1, le=25)
    min_entry_minutes: Minutes = _option(Decimal(0), "Earliest minute into the slot (domain time); 0 = off")
    max_entry_minutes: Minutes = _option(Decimal(0), "Latest minute into the slot (domain time); 0 = off")
    min_move_pct: Percent = _option(Decimal(0), "Least directional move of the coin since the strike; 0 = off")
    max_move_pct: Percent = _option(Decimal(0), "Greatest directional move of the coin since the strike; 0 = off")
    entry_fair_margin: Probability = _option(Decimal(0), "How far above fair value a price may lie; 0 = off")
    min_book_depth: Money = _option(Decimal(0), "Least size of the best bid, in shares; 0 = off")
    avoid_hours_utc: Hours = _option((), "UTC hours (domain time) without entries, separated by commas")
    entry_mode: Literal["hardcoded", "ml-hybrid", "ml-dynamic"] = _option("hardcoded", "Rules or a model decide")
    min_edge: Probability = _option(Decimal("0.03"), "Least edge of ml-dynamic late in the slot")
    no_edge_decay: bool = _option(False, "ml-dynamic asks for the same edge at every minute")
    model_path: Annotated[Path | None, Optional] = _option(None, "Entry model file")
    hybrid_skip_below: Probability = _option(Decimal("0.55"), "ml-hybrid skips below this probability")
    hybrid_taker_above: Probability = _option(Decimal("0.72"), "ml-hybrid takes at or above this probability")
    taker: bool = _option(False, "Every entry is fill-or-kill at the ask")
    fair_value_model: Literal["table", "diffusion"] = _option("diffusion", "How fair value is computed")
    price_source: PriceSource = _option("sim", "Reference price feed; by default the one of the venue")
    accept_proxy_price: bool = _option(False, "Trade live on a price source that is not the venue's own")

    # size
    wallet: Money = _option(Decimal(0), "Dollars to size from; 0 = the venue balance (live) or 200 (paper)")
    order_size: Money = _option(Decimal(0), "Dollars per order; 0 = the greater of 1 and 2.5 % of the wallet")
    max_exposure: Money = _option(Decimal(0), "Most dollars at risk; 0 = the greater of 50 and half the wallet")
    min_size_policy: Literal["refuse", "raise"] = _option("refuse", "What to do with an order below the minimum size")
    spread_size_mult: Annotated[Decimal, Field(ge=0, le=Decimal("2.5"))] = _option(
        Decimal(0), "Size multiplier on wide spreads, 2.0 suggested; 0 = off"
    )

    # leaving early
    stoploss_peak: ExitPrice = _option(Decimal(0), "Highest bid since fill that arms the stop-loss; 0 = off")
    stoploss_exit: ExitPrice = _option(Decimal(0), "Bid at or below which an armed stop-loss sells")
    stoploss_fair_margin: Probability = _option(Decimal("0.10"), "Fair value this far above the exit level waits")
    exit_model_path: Annotated[Path | None, Optional] = _option(None, "Exit model file; the stop-loss rule is then off")
    exit_threshold: Probability = _option(Decimal("0.35"), "The exit model sells below this probability")

    # guard
    cb_max_losses: int = _option(5, "Losses in a row that trip the breaker", ge=1, le=1000)
    cb_max_drawdown: LossLimit = _option(Decimal(-50), "Session profit in dollars that trips the breaker")
    cb_daily_limit: LossLimit = _option(Decimal(-200), "Profit of the UTC day (domain) that trips the breaker")
    cb_stale_seconds: Seconds = _option(30.0, "Book age without new entries (domain seconds)")
    cb_stale_cancel: Seconds = _option(120.0, "Book age at which everything is cancelled (domain seconds)")
    cb_stale_exit: Seconds = _option(300.0, "Book age at which the feed's process restarts (domain seconds)")
    market_sockets: int = _option(1, "Connections that carry the books, each all of them", ge=1, le=2)

    # pace
    discovery_interval: Seconds = _option(60.0, "Between searches for markets (domain seconds)")
    maker_interval: Seconds = _option(0.5, "Longest pause between two looks at a market (domain seconds)")
    place_timeout: Seconds = _option(15.0, "Placement without an answer becomes uncertain after this (wall seconds)")
    cancel_ttl: Seconds = _option(30.0, "A cancelled order stays matchable this long (domain seconds)")
    paper_fill_seconds: Seconds = _option(30.0, "At the best bid this long, a paper order fills (domain seconds)")
    settlement_grace: Seconds = _option(300.0, "After the end only the venue's word counts (domain seconds)")
    auto_redeem: bool = _option(True, "Winning shares and pairs become cash; live with a deposit wallet only")
    orphans: Literal["cancel", "adopt"] = _option("cancel", "What to do with orders at the venue that we do not know")
    speed: float = _option(1.0, "Domain seconds per wall second, simulator only", gt=0, le=1000)

    # addresses of the venue
    sim_url: Http = _option(DEFAULT_SIM_URL, "The simulator, from which its other addresses follow")
    clob_url: Http = _option("", "Order book REST; by default the venue's own")
    gamma_url: Http = _option("", "Market metadata REST; by default the venue's own")
    data_url: Http = _option("", "Data REST; by default the venue's own")
    relayer_url: Http = _option("", "Relayer of a smart wallet's calls; by default the venue's own")
    market_ws_url: WebSocket = _option("", "Market socket; by default the venue's own")
    user_ws_url: WebSocket = _option("", "User socket; by default the venue's own")
    price_ws_url: WebSocket = _option("", "Price socket; by default the venue's own")

    # servers of ours
    postgres_url: PostgresUrl = _secret("postgresql://127.0.0.1:5432/tdmaker", "Postgres; also accepted as db_url")
    nats_url: NatsUrl = _secret("nats://127.0.0.1:4222", "NATS with JetStream")
    redis_url: RedisUrl = _secret("redis://127.0.0.1:6379/0", "Redis or Valkey")

    # wallet and secrets: only the files' names are settings
    private_key_file: Annotated[Path | None, Optional] = _option(None, "Signing key; read by the executor alone")
    api_credentials_file: Annotated[Path | None, Optional] = _option(None, "L2 credentials, JSON")
    relayer_key_file: Annotated[Path | None, Optional] = _option(None, "Relayer API key, JSON; lets a wallet redeem")
    wallet_address: Annotated[EvmAddress | None, Optional] = _option(None, "Address of the key's own account")
    funder: Annotated[EvmAddress | None, Optional] = _option(None, "Address that holds the money, where another one")
    signature_type: int = _option(0, "Kind of wallet: 0 EOA, 1 proxy, 2 safe, 3 deposit wallet", ge=0, le=3)
    chain_id: int = _option(137, "Chain of the orders' signature", ge=1)
    control_token_file: Annotated[Path | None, Optional] = _option(None, "Bearer tokens of the control API, JSON")
    telegram_token_file: Annotated[Path | None, Optional] = _option(None, "Telegram bot token; none = no Telegram")
    telegram_url: Http = _option("https://api.telegram.org", "Telegram's bot API")
    telegram_chat_id: Annotated[int | None, Optional] = _option(None, "Telegram chat that is written to")

    # process
    home: Annotated[Path | None, Optional] = _option(None, "Directory of data, logs and secrets of an `up`")
    run_id: str = _option("", "Names one run in logs and journals", pattern="^[A-Za-z0-9_.-]{0,64}$")
    clock: Literal["real", "announced"] = _option("real", "announced: domain time starts at the origin of this run_id")
    http_host: str = _option("127.0.0.1", "Where health and metrics listen", min_length=1)
    http_port: int = _option(0, "Port of health and metrics; 0 = a free one", ge=0, le=65535)
    control_host: str = _option("127.0.0.1", "Where the control API and its page listen", min_length=1)
    control_port: int = _option(8787, "Port of the control API and its page; 0 = a free one", ge=0, le=65535)
    journal: Annotated[Path | None, Optional] = _option(None, "Directory for the journal of consumed inputs")
    log_level: Literal["debug", "info", "warning", "error"] = _option("info", "Least severe log line that is written")
    stop_timeout: Seconds = _option(10.0, "A graceful stop may take this long (wall seconds)")

    @model_validator(mode="before")
    @classmethod
    def _venue_defaults(cls, given: Any) -> Any:
        """Addresses and price source follow the venue unless they are given."""
        if not isinstance(given, dict):
            return given
        chosen = cast("dict[str, Any]", given)
        venue = chosen.get("venue", "sim")
        return _addresses(venue, str(chosen.get("sim_url", DEFAULT_SIM_URL))) | _feed(venue) | chosen

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if conflicts := list(_conflicts(self)):
            raise ValueError("\n".join(conflicts))
        return self


def start_warnings(settings: Settings) -> tuple[str, ...]:
    """What is allowed and yet never works: a time gate that a listed slot length can never meet."""
    shortest_minutes = 15 if settings.slot_duration == "15m" else 5
    if settings.min_entry_minutes < shortest_minutes:
        return ()
    gate = f"min_entry_minutes={settings.min_entry_minutes}"
    return (f"{gate} is never reached in a slot of {shortest_minutes} minutes; no order is placed there",)


def _addresses(venue: object, sim_url: str) -> dict[str, Any]:
    if venue == "polymarket":
        return dict(POLYMARKET_ADDRESSES)
    base = sim_url.rstrip("/")
    return {
        name: (base.replace("http", "ws", 1) if name.endswith("ws_url") else base) + path
        for name, path in SIM_PATHS.items()
    }


def _feed(venue: object) -> dict[str, Any]:
    return {"price_source": "polybolt" if venue == "polymarket" else "sim"}


def _conflicts(s: Settings) -> Iterator[str]:
    """One line each: the options with their values, what must hold, what to do."""
    if s.max_bid < s.target_bid:
        yield f"max_bid={s.max_bid} is below target_bid={s.target_bid}; raise max_bid or lower target_bid"
    if 0 < s.max_entry_minutes < s.min_entry_minutes:
        yield (
            f"max_entry_minutes={s.max_entry_minutes} is before min_entry_minutes={s.min_entry_minutes};"
            " widen the window or set one to 0"
        )
    if s.ladder_rungs > 1 and s.taker:
        yield f"ladder_rungs={s.ladder_rungs} does not go with taker; set ladder_rungs to 1 or leave taker off"
    if s.hybrid_taker_above < s.hybrid_skip_below:
        yield (
            f"hybrid_taker_above={s.hybrid_taker_above} is below hybrid_skip_below={s.hybrid_skip_below};"
            " raise the first or lower the second"
        )
    if s.entry_mode != "hardcoded" and s.model_path is None:
        yield f"entry_mode={s.entry_mode} has no model_path; give the model's file or set entry_mode to hardcoded"
    if s.max_move_pct and s.max_move_pct < s.min_move_pct:
        yield f"max_move_pct={s.max_move_pct} is below min_move_pct={s.min_move_pct}; widen the range or set one to 0"
    if s.max_exposure and s.order_size > s.max_exposure:
        yield f"order_size={s.order_size} is above max_exposure={s.max_exposure}; lower order_size"
    yield from _stoploss_conflicts(s)
    yield from _staleness_conflicts(s)
    yield from _venue_conflicts(s)


def _stoploss_conflicts(s: Settings) -> Iterator[str]:
    if s.stoploss_exit > s.stoploss_peak:
        yield f"stoploss_exit={s.stoploss_exit} is above stoploss_peak={s.stoploss_peak}; lower the exit"
    if s.stoploss_peak and not s.stoploss_exit:
        yield f"stoploss_peak={s.stoploss_peak} has no stoploss_exit; give the bid to sell at, for example 0.40"


def _staleness_conflicts(s: Settings) -> Iterator[str]:
    if not s.cb_stale_seconds <= s.cb_stale_cancel <= s.cb_stale_exit:
        yield (
            f"cb_stale_seconds={s.cb_stale_seconds:g}, cb_stale_cancel={s.cb_stale_cancel:g} and"
            f" cb_stale_exit={s.cb_stale_exit:g} are out of order; each must be at least the one before"
        )


def _venue_conflicts(s: Settings) -> Iterator[str]:
    if s.venue == "polymarket" and s.speed != 1:
        yield f"speed={s.speed:g} does not go with venue=polymarket; only the simulator can hurry"
    if s.venue == "polymarket" and s.price_source == "sim":
        yield "price_source=sim does not go with venue=polymarket; use polybolt with api_credentials_file"
    if s.price_source in UNBUILT_SOURCES:
        yield f"price_source={s.price_source} is not built yet; use polybolt, or sim at the simulator"
    if s.venue == "sim" and "polymarket.com" in s.clob_url:
        yield f"clob_url={s.clob_url} is the real venue but venue=sim; set venue=polymarket or drop clob_url"
    if s.venue == "polymarket" and s.mode == "live" and s.price_source in PROXY_SOURCES and not s.accept_proxy_price:
        yield f"price_source={s.price_source} is not the venue's own feed; use polybolt or set accept_proxy_price"
