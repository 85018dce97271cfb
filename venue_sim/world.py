"""Lists, opens, ends and resolves markets as domain time passes, and drives every timer of the simulator."""

import asyncio
from collections.abc import Sequence
from functools import partial
from typing import Protocol

from msgspec import structs

from venue_sim.exchange import Exchange
from venue_sim.facts import Beat, ClockSet
from venue_sim.faults import schedule
from venue_sim.faults.plan import Planned
from venue_sim.flow.source import Source
from venue_sim.heartbeats import SWEEP_MS, Heartbeats
from venue_sim.markets import Market, slug_of
from venue_sim.prices import Tape, Tick
from venue_sim.timeline import Timeline

SLOTS_AHEAD = 3
EXPIRY_CHECK_MS = 1000
LONGEST_SLEEP_SECONDS = 0.02


class PriceAudience(Protocol):
    def price(self, tick: Tick) -> None: ...


class World:
    """One per simulator. Nothing is listed before the clock is set."""

    def __init__(
        self,
        exchange: Exchange,
        timeline: Timeline,
        source: Source,
        audience: PriceAudience,
        *,
        tape: Tape,
        resolution_delay_s: int,
        run: str = "",
        planned: Sequence[Planned] = (),
    ) -> None:
        self.exchange = exchange
        self.timeline = timeline
        self.source = source
        self.tape = tape
        self.heartbeats = Heartbeats.resumed(exchange.state.beats, exchange.clock.wall_ms())
        self._audience = audience
        self._resolution_delay_ms = resolution_delay_s * 1000
        self._run = run
        self._planned = planned
        self._sweep()
        self._expire()
        if exchange.state.time is not None:
            self._start()

    def set_clock(self, clock: ClockSet) -> None:
        """Starts domain time; later calls are ignored, the origin is set once."""
        if self.exchange.state.time is None:
            self.exchange.record(structs.replace(clock, run=self._run))
            self._start()

    def beat(self, api_key: str, heartbeat_id: str) -> str:
        """The next heartbeat id of a key. Raises VenueError."""
        following = self.heartbeats.beat(api_key, heartbeat_id, self.exchange.clock.wall_ms())
        self.exchange.record(Beat(api_key, following))
        return following

    async def run(self) -> None:
        """Runs due entries until cancelled."""
        while True:
            now = self.exchange.clock.wall_ms()
            if self.timeline.run_due(now, self.exchange.state.time):
                await asyncio.sleep(0)
                continue
            due = self.timeline.next_wall_ms(self.exchange.state.time)
            wait = LONGEST_SLEEP_SECONDS if due is None else max((due - now) / 1000, 0.0005)
            await asyncio.sleep(min(wait, LONGEST_SLEEP_SECONDS))

    def _start(self) -> None:
        self._plan_faults()
        now_ms = self.exchange.domain_ms()
        self.source.start_prices(now_ms, self._publish)
        for market in list(self.exchange.state.markets.values()):
            if not market.resolved:
                self._schedule(market, now_ms)
        for coin, duration in self.source.series():
            self._list_ahead(coin, duration, now_ms)

    def _plan_faults(self) -> None:
        exchange = self.exchange
        if exchange.state.time is not None:
            origin_ms = exchange.state.time.origin_wall_ms
            schedule.put(self._planned, exchange.faults, self.timeline, origin_ms, exchange.clock.wall_ms())

    def _list_ahead(self, coin: str, duration: int, now_ms: int) -> None:
        """Lists the current slot and the next few, and comes back when the next one starts."""
        time = self.exchange.state.time
        if time is None:
            return
        first = self.source.first_start(duration, time.origin_domain_ms)
        current = max(0, (now_ms // 1000 - first) // duration)
        for index in range(current, current + SLOTS_AHEAD + 1):
            start = first + index * duration
            if slug_of(coin, duration, start) not in self.exchange.state.by_slug:
                market = self.exchange.list_market(self.source.listing(coin, start, duration, index))
                self._schedule(market, now_ms)
        next_ms = (first + (current + 1) * duration) * 1000
        self.timeline.at_domain(next_ms, lambda: self._list_ahead(coin, duration, next_ms))

    def _schedule(self, market: Market, now_ms: int) -> None:
        if not market.ended and now_ms < market.end * 1000:
            self.source.prepare(market, now_ms)
            start_ms = max(now_ms, market.start * 1000)
            self.timeline.at_domain(start_ms, partial(self.source.play, market, start_ms))
        self.timeline.at_domain(market.end * 1000, partial(self.exchange.end_market, market))
        self.timeline.at_domain(market.end * 1000 + self._resolution_delay_ms, partial(self._resolve, market))

    def _resolve(self, market: Market) -> None:
        if market.resolved:
            return
        late_ms = self.exchange.faults.delay_ms("resolution_late")
        if self.exchange.faults.picks("resolution_late", market.condition_id) and late_ms:
            self.timeline.at_domain(self.exchange.domain_ms() + late_ms, partial(self._resolve_at_last, market))
        else:
            self._resolve_at_last(market)

    def _resolve_at_last(self, market: Market) -> None:
        self.exchange.resolve_market(market, self.source.winner(market))

    def _publish(self, tick: Tick) -> None:
        """A tick that two neighbouring slots share is said once."""
        said = self.tape.recent(tick.channel, tick.symbol)
        if said and (said[-1].timestamp_ms, said[-1].text) == (tick.timestamp_ms, tick.text):
            return
        self.tape.add(tick)
        self._audience.price(tick)

    def _sweep(self) -> None:
        now = self.exchange.clock.wall_ms()
        for api_key in self.heartbeats.sweep(now):
            self.exchange.record(Beat(api_key, ""))
            orders = [order.id for order in self.exchange.state.live_of(api_key)]
            self.exchange.cancel(orders, api_key)
        self.timeline.at_wall(now + SWEEP_MS, self._sweep)

    def _expire(self) -> None:
        self.exchange.expire_orders()
        self.timeline.at_wall(self.exchange.clock.wall_ms() + EXPIRY_CHECK_MS, self._expire)
