"""The kill switch: in the tables, and at the venue first where the tables do not answer within a second."""

import asyncio
from collections.abc import Callable
from dataclasses import replace

from cli.kill.door import Door, NoDoorError
from cli.kill.receipt import Receipt, Wish
from cli.kill.tables import Tables
from shared.domain.clock import Clock
from shared.runtime.clock import RealClock
from shared.venue.clob import ClobClient
from shared.venue.emptying import Emptied, Emptying

TABLES_BOUND_SECONDS = 1.0
STRIKE_SECONDS = 0.5
NOWHERE = Emptied(0, 0, None, "")


def throw(postgres_url: str, wish: Wish, door: Callable[[], Door]) -> Receipt:
    """Returns when nothing is open any more or the wish's time is over. Raises CommandError."""
    clock = RealClock()
    tables, began_seconds = Tables(wish, clock), clock.monotonic_seconds()
    tables.follow(postgres_url)
    tables.answered.wait(TABLES_BOUND_SECONDS)
    venue = None
    if not tables.receipt.is_halted and tables.refusal is None:
        venue = asyncio.run(_emptied(tables, door, clock, began_seconds))
    while not tables.ended.is_set() and not tables.is_late:
        tables.ended.wait(TABLES_BOUND_SECONDS)
    if tables.refusal is not None:
        raise tables.refusal
    return replace(tables.receipt, venue=venue)


async def _emptied(tables: Tables, door: Callable[[], Door], clock: Clock, began_seconds: float) -> Emptied:
    """Looked at until the tables have the kill or the time is over: what was on its way shows itself later."""
    try:
        found = door()
        client = found.client(clock) if found.clob_url else None
    except NoDoorError as error:
        return Emptied(0, None, None, str(error))
    if client is None:
        return NOWHERE
    try:
        return await _struck(client, tables, clock, began_seconds)
    finally:
        await client.close()


async def _struck(client: ClobClient, tables: Tables, clock: Clock, began_seconds: float) -> Emptied:
    emptying = Emptying(client, clock, began_seconds)
    await emptying.strike()
    while not tables.answered.is_set() and not tables.is_late:
        await asyncio.sleep(STRIKE_SECONDS)
        await emptying.strike()
    return emptying.so_far
