"""Steps of a start that stand alone: tables, streams, readiness, the beginning of time."""

import asyncio
from collections.abc import Sequence
from datetime import datetime

import nats

from cli import readings
from cli.errors import CommandError
from cli.origin import latest_simulated_end, new_origin, start_simulator_clock
from cli.running import read_at
from cli.together import together
from shared.bus.streams import load_topology, provision
from shared.db.clock import set_origin
from shared.db.migrate import migrate
from shared.domain.clock import Clock, ClockOrigin
from shared.runtime.settings import Settings
from shared.venue.errors import MayHaveBeenSentError, NotSentError
from shared.venue.http import HttpClient

READY_POLL_SECONDS = 0.2


async def make_tables(postgres_url: str) -> list[str]:
    """The names of the files that had to be applied. Raises MigrationError."""
    return list(await asyncio.to_thread(migrate, postgres_url))


async def make_streams(nats_url: str) -> None:
    client = await nats.connect(nats_url)
    try:
        await provision(client.jetstream(), load_topology())
    finally:
        await client.close()


async def all_ready(services: Sequence[str], bound_seconds: float) -> None:
    """Returns when each of these addresses has answered `GET /readyz` with 200. Raises CommandError after the bound."""
    waiting = set(services)

    async def until_ready(service: str) -> None:
        client = HttpClient(service)
        try:
            while not await _is_ready(client):
                await asyncio.sleep(READY_POLL_SECONDS)
        finally:
            await client.close()
        waiting.discard(service)

    try:
        async with asyncio.timeout(bound_seconds):
            await together(*(until_ready(service) for service in services))
    except TimeoutError:
        raise CommandError(
            f"not ready after {bound_seconds:g} s: {', '.join(sorted(waiting))}; see their logs"
        ) from None


async def _is_ready(client: HttpClient) -> bool:
    try:
        return (await client.request("GET", "/readyz")).status == 200
    except (NotSentError, MayHaveBeenSentError):
        return False


async def start_time(settings: Settings, clock: Clock) -> ClockOrigin:
    """Domain time begins, at the simulator and for every service of this run. Raises CommandError."""
    ends = [await asyncio.to_thread(_latest_end, settings), await latest_simulated_end(settings.sim_url)]
    latest = max((end for end in ends if end is not None), default=None)
    begin = await start_simulator_clock(settings.sim_url, new_origin(clock, latest, settings.speed))
    await asyncio.to_thread(set_origin, settings.postgres_url, settings.run_id, begin)
    return begin


def _latest_end(settings: Settings) -> datetime | None:
    return read_at(settings.postgres_url, lambda tables: readings.latest_market_end(tables, settings.venue))
