"""Puts a simulator together."""

from collections.abc import Callable
from dataclasses import dataclass

from venue_sim.api.door import Door
from venue_sim.api.hub import Hub
from venue_sim.clock import Clock
from venue_sim.exchange import Exchange, Settings
from venue_sim.facts import ClockSet
from venue_sim.faults.plan import Planned, plan
from venue_sim.faults.switchboard import Faults
from venue_sim.flow.generated import GeneratedFlow, Plan
from venue_sim.flow.recorded import RecordedFlow
from venue_sim.flow.source import Source
from venue_sim.flow.step import StepFlow
from venue_sim.journal import Journal, NoJournal
from venue_sim.limits import Limits
from venue_sim.prices import Tape
from venue_sim.recording import load
from venue_sim.settings import Options
from venue_sim.timeline import Timeline
from venue_sim.units import UNIT
from venue_sim.world import World

PLAN_SECONDS = 86_400.0


@dataclass(frozen=True, slots=True)
class Simulator:
    world: World
    hub: Hub
    journal: Journal | NoJournal
    faults: Faults
    limits: Limits


def build(options: Options, clock: Clock) -> Simulator:
    """Raises CorruptRecordingError, CorruptJournalError or OSError when it cannot start."""
    journal = Journal(options.journal) if options.journal else NoJournal()
    hub = Hub(Door(clock), clock)
    faults = Faults(clock, options.fault_seed or 0)
    timeline, tape = Timeline(), Tape()
    settings = Settings(taker_hold_ms=options.taker_hold_ms, deposit=options.balance * UNIT, redeems=options.redeems)
    exchange = Exchange(settings, clock, timeline, hub, journal, faults)
    hub.attach(exchange)
    faults.attach(_acts(exchange, hub))
    run = options.run_file.read_text().strip() if options.run_file else ""
    if options.new_clock or exchange.state.run != run:
        exchange.state.time = None
    source = _source(options, exchange, timeline)
    for name, terms in options.faults:
        faults.switch_on(name, terms)
    world = World(
        exchange,
        timeline,
        source,
        hub,
        tape=tape,
        resolution_delay_s=options.resolution_delay_s,
        run=run,
        planned=_planned(options),
    )
    if options.clock_now:
        now = clock.wall_ms()
        world.set_clock(ClockSet(now, now, options.speed))
    return Simulator(world, hub, journal, faults, Limits(clock, options.orders_per_second))


def _planned(options: Options) -> tuple[Planned, ...]:
    return () if options.fault_seed is None else plan(options.fault_seed, PLAN_SECONDS)


def _acts(exchange: Exchange, hub: Hub) -> dict[str, Callable[[], None]]:
    """What the faults do that strike once."""
    return {
        "orders_wiped": exchange.cancel_everything,
        "tick_changed": exchange.refine_ticks,
        "market_socket_dropped": hub.drop_markets,
        "user_socket_dropped": hub.drop_users,
        "price_socket_dropped": hub.drop_prices,
    }


def _source(options: Options, exchange: Exchange, timeline: Timeline) -> Source:
    if options.recording is not None:
        return RecordedFlow(load(options.recording), exchange, timeline, options.version)
    plan = Plan(options.seed, options.coins, options.durations, options.version)
    return StepFlow(plan, exchange, timeline) if options.step else GeneratedFlow(plan, exchange, timeline)
