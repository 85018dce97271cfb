"""What a setting's text may be: prices on the tick, money, coins, hours, addresses."""

import re
from collections.abc import Iterable
from decimal import Decimal
from typing import Annotated, Literal, cast

from pydantic import AfterValidator, BeforeValidator, Field

# The venue lists new coins without notice, so only the form is checked; one it does not list is never found.
COIN = re.compile("[a-z0-9]{1,12}")
TICK = Decimal("0.01")


def _on_tick(price: Decimal) -> Decimal:
    if price % TICK:
        raise ValueError(f"must lie on the tick of {TICK}")
    return price


def _items(value: object) -> tuple[str, ...]:
    if value is None:
        return ()
    if isinstance(value, str):
        return tuple(part.strip() for part in value.split(",") if part.strip())
    if isinstance(value, Iterable):
        return tuple(str(part) for part in cast("Iterable[object]", value))
    return (str(value),)


def _coins(value: object) -> tuple[str, ...]:
    """`BTCUSDT`, `btc` and `BTC` name the same coin; repeats are dropped, order is kept."""
    coins = dict.fromkeys(item.lower().removesuffix("usdt").removesuffix("usd") for item in _items(value))
    if wrong := [coin for coin in coins if not COIN.fullmatch(coin)]:
        raise ValueError(f"{wrong[0]} is no coin; must be letters and digits, such as btc, eth, sol, xrp, doge")
    if not coins:
        raise ValueError("must name at least one coin, such as btc")
    return tuple(coins)


def _hours(value: object) -> tuple[int, ...]:
    items = [item for item in _items(value) if item.lower() != "none"]
    if any(not item.isdigit() or int(item) > 23 for item in items):
        raise ValueError("must be hours from 0 to 23, separated by commas")
    return tuple(sorted({int(item) for item in items}))


def _nothing_is_none(value: object) -> object:
    return None if value in {"", "none"} else value


def _address(*schemes: str) -> AfterValidator:
    def check(value: str) -> str:
        scheme, found, rest = value.partition("://")
        if not found or scheme not in schemes or not rest:
            raise ValueError(f"must be an address starting with {' or '.join(f'{name}://' for name in schemes)}")
        return value.rstrip("/")

    return AfterValidator(check)


LimitPrice = Annotated[Decimal, Field(ge=Decimal("0.01"), le=Decimal("0.99")), AfterValidator(_on_tick)]
ExitPrice = Annotated[Decimal, Field(ge=0, le=Decimal("0.99")), AfterValidator(_on_tick)]
Money = Annotated[Decimal, Field(ge=0, le=Decimal(10_000_000))]
LossLimit = Annotated[Decimal, Field(lt=0, ge=Decimal(-10_000_000))]
Probability = Annotated[Decimal, Field(ge=0, le=1)]
Percent = Annotated[Decimal, Field(ge=0, le=100)]
Minutes = Annotated[Decimal, Field(ge=0, le=15)]
Seconds = Annotated[float, Field(gt=0, le=86_400)]
Coins = Annotated[tuple[str, ...], BeforeValidator(_coins)]
Hours = Annotated[tuple[int, ...], BeforeValidator(_hours)]
Http = Annotated[str, _address("http", "https")]
WebSocket = Annotated[str, _address("ws", "wss")]
PostgresUrl = Annotated[str, _address("postgresql", "postgres")]
NatsUrl = Annotated[str, _address("nats", "tls")]
RedisUrl = Annotated[str, _address("redis", "rediss", "unix")]
EvmAddress = Annotated[str, Field(pattern="^0x[0-9a-fA-F]{40}$")]
Optional = BeforeValidator(_nothing_is_none)
PriceSource = Literal["polybolt", "rtds", "coinbase", "binance", "sim"]
