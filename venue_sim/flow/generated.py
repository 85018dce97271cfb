"""Seeded flow: quotes that follow the chance of Up, refilled levels, and takers who hit them."""

import math
from dataclasses import dataclass

from venue_sim.book import LOT, Levels
from venue_sim.exchange import Exchange
from venue_sim.facts import MarketListed
from venue_sim.flow.pathed import PathedSource
from venue_sim.markets import FINE_TICK, MIN_SHARES, TAKER_FEE_PPM, Market, Version
from venue_sim.orders import BookSide
from venue_sim.prices import SIGMA_PER_ROOT_SECOND, TWAP_SECONDS, SeededPath, seeded, twap
from venue_sim.timeline import Timeline
from venue_sim.units import ONE, UNIT

DEPTH_LEVELS = 8
TAKERS_PER_SECOND = 0.6
TAKER_MEAN_SHARES = 40.0
REFILL_SECONDS = 4
LAG_SECONDS = 5
HALF_SPREAD = 40


@dataclass(frozen=True, slots=True)
class Plan:
    """What a source is asked to play. `version` None alternates by slot."""

    seed: int
    coins: tuple[str, ...]
    durations: tuple[int, ...]
    version: Version | None


def version_of(start: int, duration: int, chosen: Version | None) -> Version:
    if chosen is not None:
        return chosen
    return "v2" if start // duration % 2 else "v1"


class GeneratedFlow(PathedSource):
    """The same flow for the same seed, whoever trades against it."""

    def __init__(self, plan: Plan, exchange: Exchange, timeline: Timeline) -> None:
        super().__init__(SeededPath(plan.seed), plan.coins, plan.durations, timeline)
        self._plan = plan
        self._exchange = exchange
        self._timeline = timeline

    def listing(self, coin: str, start: int, duration: int, _index: int) -> MarketListed:
        version = version_of(start, duration, self._plan.version)
        return MarketListed(coin, start, duration, version, MIN_SHARES, TAKER_FEE_PPM)

    def prepare(self, market: Market, from_ms: int) -> None:
        """Even odds until the slot starts. A market already under way is left to `play`: even odds would be a lie."""
        if from_ms < market.start * 1000:
            self._quote(market, 0.5, 0)

    def play(self, market: Market, from_ms: int) -> None:
        self._step(market, max(market.start, from_ms // 1000))

    def _step(self, market: Market, second: int) -> None:
        if not market.accepts_orders() or second >= market.end:
            return
        self._quote(market, self.chance_of_up(market, second), second)
        self._send_takers(market, second)
        self._timeline.at_domain((second + 1) * 1000, lambda: self._step(market, second + 1))

    def chance_of_up(self, market: Market, second: int) -> float:
        """P(average at the end >= average at the start), as a market lagging a few seconds would price it."""
        strike = twap(self.path, market.coin, market.start)
        recent = [self.path.spot(market.coin, second - lag) for lag in range(LAG_SECONDS)]
        spot = sum(recent) / len(recent)
        left = market.end - second
        if left < TWAP_SECONDS:
            known = [self.path.spot(market.coin, at) for at in range(market.end - TWAP_SECONDS + 1, second + 1)]
            expected = (sum(known) + spot * (TWAP_SECONDS - len(known))) / TWAP_SECONDS
            variance_seconds = left**3 / (3 * TWAP_SECONDS**2)
        else:
            expected, variance_seconds = spot, left - 2 * TWAP_SECONDS / 3
        deviation = SIGMA_PER_ROOT_SECOND * math.sqrt(max(variance_seconds, 0.01))
        return _normal_below(math.log(expected / strike) / deviation)

    def _quote(self, market: Market, chance: float, second: int) -> None:
        tick = market.tick
        middle = min(max(chance, 0.004), 0.996) * ONE
        spread = HALF_SPREAD if tick > FINE_TICK else FINE_TICK
        bid = max(tick, int((middle - spread) // tick * tick))
        ask = min(ONE - tick, max(bid + tick, int(-((-middle - spread) // tick) * tick)))
        bid = min(bid, ask - tick)
        book = self._exchange.books[market.condition_id]
        book.acknowledge_takes()
        bids = self._ladder(market, "bid", range(bid, 0, -tick), second)
        asks = self._ladder(market, "ask", range(ask, ONE, tick), second)
        self._exchange.set_flow(market, bids, asks)

    def _ladder(self, market: Market, side: BookSide, prices: range, second: int) -> Levels:
        """Levels away from the top are bigger; each is restated every few seconds and else left as it is."""
        current = self._exchange.books[market.condition_id].sides[side]
        ladder: Levels = {}
        for depth, price in enumerate(prices[:DEPTH_LEVELS]):
            held = current.get(price)
            refill = (second + price // market.tick) % REFILL_SECONDS == 0
            if held is not None and held.flow and not refill:
                ladder[price] = held.flow
                continue
            rng = seeded(self._plan.seed, market.slug, side, price, second)
            ladder[price] = _lots(rng.uniform(30, 120) * (1 + 0.4 * depth))
        return ladder

    def _send_takers(self, market: Market, second: int) -> None:
        rng = seeded(self._plan.seed, market.slug, "takers", second)
        at = rng.expovariate(TAKERS_PER_SECOND)
        while at < 1.0:
            side: BookSide = "bid" if rng.random() < 0.5 else "ask"
            shares = _lots(min(rng.expovariate(1 / TAKER_MEAN_SHARES), 400.0) + 1)
            self._timeline.at_domain(
                second * 1000 + int(at * 1000),
                lambda side=side, shares=shares: self._take(market, side, shares),
            )
            at += rng.expovariate(TAKERS_PER_SECOND)

    def _take(self, market: Market, side: BookSide, shares: int) -> None:
        """Takes at the touch and up to two ticks beyond it."""
        best = self._exchange.books[market.condition_id].best("ask" if side == "bid" else "bid")
        if best is not None:
            reach = 2 * market.tick if side == "bid" else -2 * market.tick
            self._exchange.flow_take(market, side, best + reach, shares)


def _normal_below(value: float) -> float:
    return 0.5 * (1 + math.erf(value / math.sqrt(2)))


def _lots(shares: float) -> int:
    return int(shares * UNIT) // LOT * LOT
