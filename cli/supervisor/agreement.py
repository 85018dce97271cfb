"""Whether our books and the simulator's agree, once what is under way had time to arrive."""

import asyncio
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from cli.readings import Connection
from cli.referee import live_differences, paper_differences, read_own_record
from cli.running import read_at
from cli.simulator import ask_simulator
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
        ledger = await ask_simulator(settings.sim_url, "GET", "/sim/referee")
        found = await asyncio.to_thread(_compare, settings, account, address, ledger)
        if not found or clock.monotonic_seconds() > give_up_seconds:
            return found
        await asyncio.sleep(POLL_SECONDS)


def _compare(settings: Settings, account: str, address: str, ledger: Mapping[str, Any]) -> list[str]:
    def read(tables: Connection) -> list[str]:
        own = read_own_record(tables, account)
        differing = paper_differences(own, ledger)
        if settings.mode == "live":
            differing += live_differences(own, ledger, address, Decimal(DEPOSIT_DOLLARS))
        return list(dict.fromkeys(differing))

    return read_at(settings.postgres_url, read)
