"""Steps of a start that stand alone: tables, streams, the beginning of time."""

import asyncio
from datetime import datetime

import nats

from cli import readings
from cli.origin import latest_simulated_end, new_origin, start_simulator_clock
from cli.running import read_at
from shared.bus.streams import load_topology, provision
from shared.db.clock import set_origin
from shared.db.migrate import migrate
from shared.domain.clock import Clock, ClockOrigin
from shared.runtime.settings import Settings


async def make_tables(postgres_url: str) -> list[str]:
    """The names of the files that had to be applied. Raises MigrationError."""
    return list(await asyncio.to_thread(migrate, postgres_url))


async def make_streams(nats_url: str) -> None:
    client = await nats.connect(nats_url)
    try:
        await provision(client.jetstream(), load_topology())
    finally:
        await client.close()


async def start_time(settings: Settings, clock: Clock) -> ClockOrigin:
    """Domain time begins, at the simulator and for every service of this run. Raises CommandError."""
    ends = [await asyncio.to_thread(_latest_end, settings), await latest_simulated_end(settings.sim_url)]
    latest = max((end for end in ends if end is not None), default=None)
    begin = await start_simulator_clock(settings.sim_url, new_origin(clock, latest, settings.speed))
    await asyncio.to_thread(set_origin, settings.postgres_url, settings.run_id, begin)
    return begin


def _latest_end(settings: Settings) -> datetime | None:
    return read_at(settings.postgres_url, lambda tables: readings.latest_market_end(tables, settings.venue))
