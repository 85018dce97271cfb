"""What the world needs from a source of flow."""

from collections.abc import Callable
from typing import Protocol

from venue_sim.facts import MarketListed
from venue_sim.markets import Market
from venue_sim.prices import Tick

Publish = Callable[[Tick], None]

TWAP = "price.crypto.twap"
SPOT = "price.crypto"


class Source(Protocol):
    """Series are (coin, duration in seconds); instants are domain seconds."""

    def series(self) -> list[tuple[str, int]]: ...

    def first_start(self, duration: int, origin_ms: int, /) -> int:
        """Start of the first slot that exists once the clock is set."""
        ...

    def listing(self, coin: str, start: int, duration: int, index: int, /) -> MarketListed:
        """The market of the `index`-th slot of a series."""
        ...

    def prepare(self, market: Market, from_ms: int, /) -> None:
        """Called once for each listed market, before or after its start (domain ms now): what comes before play."""
        ...

    def play(self, market: Market, from_ms: int) -> None:
        """Runs the market's flow from a domain instant (ms) to its end."""
        ...

    def start_prices(self, from_ms: int, publish: Publish, /) -> None:
        """Runs the prices that belong to no single market."""
        ...

    def average(self, market: Market, second: int) -> str | None:
        """The 60-second average stamped with a market's start or end, as published."""
        ...

    def winner(self, market: Market) -> int: ...


def symbol_of(coin: str) -> str:
    return f"{coin}usd"
