"""From a book frame leaving the simulator to the signed order arriving there; all processes real, every commit durable.

Each sample is a market that newly enters the bid range under the ordinary rules. No service knows of the bench.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from dataclasses import asdict, dataclass

import httpx

from cli.bench.floors import http_round_trip, jetstream_hop, locked_commit, nats_hop
from cli.bench.histograms import mean_milliseconds
from cli.bench.spans import Spread, spread
from cli.supervisor.lock import home_held
from cli.supervisor.plan import Plan
from cli.supervisor.system import Say, System
from shared.runtime.clock import RealClock

FLOOR_SAMPLES = 300
LOOK_SECONDS = 1.0
STAGES = (
    "tdmaker_frame_to_top_seconds",
    "tdmaker_book_to_intent_seconds",
    "tdmaker_sign_seconds",
    "tdmaker_reserve_seconds",
    "tdmaker_intent_to_wire_seconds",
    "tdmaker_wire_to_answer_seconds",
)


class TooFewSamplesError(RuntimeError):
    """The time ran out before enough markets had entered the range."""


@dataclass(frozen=True, slots=True)
class DoorReport:
    """Milliseconds. `stages_ms` are means of what the services say of themselves; `floors` were measured beside."""

    data: str
    door: Spread
    floors: dict[str, Spread]
    stages_ms: dict[str, float]

    def as_json(self) -> dict[str, object]:
        return asdict(self)


async def measure_door(plan: Plan, data: str, samples: int, within_seconds: float, say: Say) -> DoorReport:
    """Raises TooFewSamplesError, and whatever a start can raise."""
    plan.home.make()
    with home_held(plan.home):
        async with AsyncExitStack() as stack:
            system = System(plan, RealClock(), say)
            await system.start(stack)
            spans = await _sampled(system, samples, within_seconds, say)
            say("measuring the floors")
            return DoorReport(data, spread(spans), await _floors(system), await _stages(system))


async def _sampled(system: System, samples: int, within_seconds: float, say: Say) -> list[float]:
    loop = asyncio.get_running_loop()
    until_seconds = loop.time() + within_seconds
    spans: list[float] = []
    async with httpx.AsyncClient(trust_env=False) as http:
        while len(spans) < samples and loop.time() < until_seconds:
            await asyncio.sleep(LOOK_SECONDS)
            answer = (await http.get(f"{system.settings.sim_url}/sim/door")).json()
            spans = [(each["order_arrived_ns"] - each["frame_sent_ns"]) / 1e9 for each in answer["samples"]]
    say(f"{len(spans)} markets entered the range and were bid for")
    if len(spans) < samples:
        raise TooFewSamplesError(f"{len(spans)} of {samples} samples after {within_seconds:.0f} s")
    return spans


async def _floors(system: System) -> dict[str, Spread]:
    settings = system.settings
    measures: dict[str, Callable[[], Awaitable[list[float]]]] = {
        "nats_hop": lambda: nats_hop(settings.nats_url, FLOOR_SAMPLES),
        "jetstream_hop": lambda: jetstream_hop(settings.nats_url, FLOOR_SAMPLES),
        "locked_commit": lambda: locked_commit(settings.postgres_url, FLOOR_SAMPLES),
        "http_round_trip": lambda: http_round_trip(settings.sim_url, FLOOR_SAMPLES),
    }
    return {name: spread(await measure()) for name, measure in measures.items()}


async def _stages(system: System) -> dict[str, float]:
    """Of every stage that a service keeps a histogram of; a signature is a floor that only the executor can measure."""
    found: dict[str, float] = {}
    async with httpx.AsyncClient(trust_env=False) as http:
        for service in system.services:
            scrape = (await http.get(f"http://127.0.0.1:{service.http_port}/metrics")).text
            for stage in STAGES:
                mean = mean_milliseconds(scrape, stage)
                if mean is not None:
                    found[stage] = mean
    return found
