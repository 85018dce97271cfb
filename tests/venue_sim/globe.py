"""A whole world on a desk: markets come and go as the test turns the clock."""

from dataclasses import dataclass, field
from pathlib import Path

from tests.venue_sim.stand import SLOT_START, RememberingAudience, Trader, TurnedClock
from venue_sim.exchange import Exchange, Settings
from venue_sim.facts import ClockSet
from venue_sim.faults.switchboard import Faults
from venue_sim.flow.generated import GeneratedFlow, Plan
from venue_sim.flow.recorded import RecordedFlow
from venue_sim.flow.source import Source
from venue_sim.flow.step import StepFlow
from venue_sim.journal import Journal, NoJournal
from venue_sim.markets import Market, Version
from venue_sim.prices import Tape, Tick
from venue_sim.recording import load
from venue_sim.timeline import Timeline
from venue_sim.world import World


@dataclass(slots=True)
class PriceEar:
    heard: list[Tick] = field(default_factory=list[Tick])

    def price(self, tick: Tick) -> None:
        self.heard.append(tick)


class Globe:
    """Domain time equals wall time from the clock's origin on, unless another speed is given."""

    def __init__(
        self,
        *,
        recording: Path | None = None,
        seed: int = 7,
        coins: tuple[str, ...] = ("btc",),
        durations: tuple[int, ...] = (900,),
        step: bool = False,
        version: Version | None = "v1",
        journal: Path | None = None,
        clock: TurnedClock | None = None,
        new_clock: bool = False,
        fault_seed: int = 0,
    ) -> None:
        self.clock = clock or TurnedClock()
        self.timeline = Timeline()
        self.audience = RememberingAudience()
        self.prices = PriceEar()
        self.journal = Journal(journal) if journal else NoJournal()
        self.faults = Faults(self.clock, fault_seed)
        self.exchange = Exchange(Settings(), self.clock, self.timeline, self.audience, self.journal, self.faults)
        if new_clock:
            self.exchange.state.time = None
        plan = Plan(seed, coins, durations, version)
        self.source: Source
        if recording is not None:
            self.source = RecordedFlow(load(recording), self.exchange, self.timeline, version)
        elif step:
            self.source = StepFlow(plan, self.exchange, self.timeline)
        else:
            self.source = GeneratedFlow(plan, self.exchange, self.timeline)
        self.tape = Tape()
        self.world = World(
            self.exchange, self.timeline, self.source, self.prices, tape=self.tape, resolution_delay_s=55
        )

    def start(self, domain_s: int = SLOT_START, speed: float = 1.0) -> None:
        self.world.set_clock(ClockSet(self.clock.now_ms, domain_s * 1000, speed))
        self.run_to(0)

    def run_to(self, wall_seconds: float) -> None:
        """Turns the clock to so many seconds after where the world's began, stopping at everything due."""
        target = SLOT_START * 1000 + int(wall_seconds * 1000)
        while True:
            due = self.timeline.next_wall_ms(self.exchange.state.time)
            if due is None or due > target:
                break
            self.clock.now_ms = max(self.clock.now_ms, -int(-due // 1))
            self.timeline.run_due(self.clock.now_ms, self.exchange.state.time)
        self.clock.now_ms = target

    def trader(self, name: int) -> Trader:
        return Trader(self.exchange, name)

    def slot(self, index: int = 0) -> Market:
        return list(self.exchange.state.markets.values())[index]
