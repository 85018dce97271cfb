"""The bench's flow: every market opens outside the bid range and steps into it once, at an instant of its own."""

from venue_sim.book import Levels
from venue_sim.exchange import Exchange
from venue_sim.facts import MarketListed
from venue_sim.flow.generated import Plan, version_of
from venue_sim.flow.pathed import PathedSource
from venue_sim.markets import MIN_SHARES, TAKER_FEE_PPM, Market
from venue_sim.prices import RisingPath
from venue_sim.timeline import Timeline
from venue_sim.units import UNIT

OPENING = (6000, 6200)
STEPPED = (7800, 8000)
LEVEL_SHARES = 200 * UNIT
LEVELS = 3
PRICE_SECONDS = 30
"""Many coins at high speed would flood the price stream as no venue does; slots start on a multiple of it."""


class StepFlow(PathedSource):
    """Up bid 0.60 / ask 0.62, then 0.78 / 0.80 to the end. Nobody takes anything."""

    def __init__(self, plan: Plan, exchange: Exchange, timeline: Timeline) -> None:
        super().__init__(RisingPath(), plan.coins, plan.durations, timeline, PRICE_SECONDS)
        self._plan = plan
        self._exchange = exchange
        self._timeline = timeline

    def listing(self, coin: str, start: int, duration: int, _index: int) -> MarketListed:
        version = version_of(start, duration, self._plan.version)
        return MarketListed(coin, start, duration, version, MIN_SHARES, TAKER_FEE_PPM)

    def prepare(self, market: Market, from_ms: int) -> None:
        if from_ms < market.start * 1000:
            self._quote(market, OPENING)

    def play(self, market: Market, from_ms: int) -> None:
        jump_ms = self.jump_ms(market)
        self._quote(market, STEPPED if from_ms > jump_ms else OPENING)
        self._timeline.at_domain(jump_ms, lambda: self._quote(market, STEPPED))

    def jump_ms(self, market: Market) -> int:
        """Between a fifth and two fifths into the slot, each series at a different instant."""
        series = self.series()
        place = series.index((market.coin, market.duration)) / len(series)
        return market.start * 1000 + int(market.duration * 1000 * (0.2 + 0.2 * place))

    def _quote(self, market: Market, touch: tuple[int, int]) -> None:
        bid, ask = touch
        bids: Levels = {bid - step * market.tick: LEVEL_SHARES for step in range(LEVELS)}
        asks: Levels = {ask + step * market.tick: LEVEL_SHARES for step in range(LEVELS)}
        self._exchange.set_flow(market, bids, asks)
