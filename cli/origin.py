"""Where domain time begins: shortly before a slot, and after everything that was traded before."""

import json
from datetime import UTC, datetime, timedelta

from cli.simulator import ask_simulator
from shared.domain.clock import Clock, ClockOrigin

SLOT_SECONDS = 900
LEAD = timedelta(seconds=20)
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def new_origin(clock: Clock, latest_market_end: datetime | None, speed: float) -> ClockOrigin:
    """20 domain seconds before the first quarter hour that is neither past nor before a known market's end."""
    wall = _whole_milliseconds(clock.wall())
    earliest = max(wall, latest_market_end or wall)
    slots = -(-int((earliest - EPOCH).total_seconds() * 1000) // (SLOT_SECONDS * 1000))
    return ClockOrigin(wall, EPOCH + timedelta(seconds=slots * SLOT_SECONDS) - LEAD, speed)


async def start_simulator_clock(sim_url: str, origin: ClockOrigin) -> ClockOrigin:
    """The origin that the simulator goes by: this one, or the one it had already. Raises CommandError."""
    body = {
        "origin_wall_ms": _milliseconds(origin.wall),
        "origin_domain_ms": _milliseconds(origin.domain),
        "speed": origin.speed,
    }
    clock = await ask_simulator(sim_url, "POST", "/sim/clock", json.dumps(body).encode())
    return ClockOrigin(_instant(clock["origin_wall_ms"]), _instant(clock["origin_domain_ms"]), float(clock["speed"]))


async def latest_simulated_end(sim_url: str) -> datetime | None:
    """When the last slot ends that the simulator ever listed. Raises CommandError."""
    ledger = await ask_simulator(sim_url, "GET", "/sim/referee")
    ends = [int(market["end"]) for market in ledger["markets"]]
    return _instant(max(ends) * 1000) if ends else None


def _milliseconds(instant: datetime) -> int:
    return (instant - EPOCH) // timedelta(milliseconds=1)


def _instant(milliseconds: int) -> datetime:
    return EPOCH + timedelta(milliseconds=milliseconds)


def _whole_milliseconds(instant: datetime) -> datetime:
    return EPOCH + timedelta(milliseconds=_milliseconds(instant))
