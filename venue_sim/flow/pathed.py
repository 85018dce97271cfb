"""The part that all made-up flows share: prices and winners that follow a path known at every second."""

from venue_sim.flow.source import SPOT, TWAP, Publish, symbol_of
from venue_sim.markets import Market
from venue_sim.prices import SNAPSHOT_MS, Path, Tick, price_value_text, twap, winner_of
from venue_sim.timeline import Timeline

PRICE_LAG_MS = 300
SYNTHETIC = "synthetic"


class PathedSource:
    """Publishes spot and average of every coin every so many domain seconds, a little late, as the venue does."""

    def __init__(
        self,
        path: Path,
        coins: tuple[str, ...],
        durations: tuple[int, ...],
        timeline: Timeline,
        every_seconds: int = 1,
    ) -> None:
        self.path = path
        self._coins = coins
        self._durations = durations
        self._queue = timeline
        self._every_seconds = every_seconds

    def series(self) -> list[tuple[str, int]]:
        return [(coin, duration) for coin in self._coins for duration in self._durations]

    def first_start(self, duration: int, origin_ms: int) -> int:
        """The slot already under way at the origin."""
        return origin_ms // 1000 // duration * duration

    def start_prices(self, from_ms: int, publish: Publish) -> None:
        now = from_ms // 1000
        for second in range(now - SNAPSHOT_MS // 1000, now):
            self._publish(second, publish)
        self._run_prices(-(-now // self._every_seconds) * self._every_seconds, publish)

    def average(self, market: Market, second: int) -> str | None:
        return price_value_text(twap(self.path, market.coin, second))

    def winner(self, market: Market) -> int:
        return winner_of(twap(self.path, market.coin, market.start), twap(self.path, market.coin, market.end))

    def _run_prices(self, second: int, publish: Publish) -> None:
        def step() -> None:
            self._publish(second, publish)
            self._run_prices(second + self._every_seconds, publish)

        self._queue.at_domain(second * 1000 + PRICE_LAG_MS, step)

    def _publish(self, second: int, publish: Publish) -> None:
        for coin in self._coins:
            values = {SPOT: self.path.spot(coin, second), TWAP: twap(self.path, coin, second)}
            for channel, value in values.items():
                publish(Tick(channel, symbol_of(coin), second * 1000, price_value_text(value), SYNTHETIC))
