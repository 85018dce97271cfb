"""Whether our books and the simulator's agree, once what is under way had time to arrive."""

import asyncio
from decimal import Decimal

from cli import readings, referee
from cli.running import read_at
from cli.supervisor.plan import DEPOSIT_DOLLARS
from shared.domain.clock import Clock
from shared.runtime.settings import Settings

BOUND_SECONDS = 15.0
HURRIED_BOUND_SECONDS = 2.0
POLL_SECONDS = 0.5


async def differences(settings: Settings, account: str, address: str, clock: Clock, *, hurried: bool) -> list[str]:
    """One line each; none at a venue that shows nobody its books. Raises CommandError."""
    if settings.venue != "sim":
        return []
    bound_seconds = HURRIED_BOUND_SECONDS if hurried else BOUND_SECONDS
    give_up_seconds = clock.monotonic_seconds() + bound_seconds
    while True:
        judge = await referee.ask_referee(settings.sim_url)
        found = await asyncio.to_thread(_compare, settings, account, address, judge)
        if not found or clock.monotonic_seconds() > give_up_seconds:
            return found
        await asyncio.sleep(POLL_SECONDS)


def _compare(settings: Settings, account: str, address: str, judge: referee.Referee) -> list[str]:
    def read(tables: readings.Connection) -> list[str]:
        broken_sums = readings.scalar(tables, readings.AUDIT, (account,)) or 0
        found = referee.paper_differences(referee.our_settlements(tables, account), judge, broken_sums)
        if settings.mode == "live":
            ours = referee.our_record(tables, account)
            found += referee.live_differences(ours, judge, address, Decimal(DEPOSIT_DOLLARS))
        return found

    return read_at(settings.postgres_url, read)
