"""The origin of domain time, one a run, given to every process."""

from __future__ import annotations

from decimal import Decimal

import psycopg

from shared.db.pool import Pool
from shared.domain.clock import ClockOrigin


def set_origin(conninfo: str, run_id: str, origin: ClockOrigin) -> None:
    """Once a run; a second setting of the same run changes nothing."""
    with psycopg.connect(conninfo) as connection:
        connection.execute(
            "insert into clock_origin (run_id, origin_wall, origin_domain, speed) values (%s, %s, %s, %s)"
            " on conflict (run_id) do nothing",
            (run_id, origin.wall, origin.domain, Decimal(str(origin.speed))),
        )


async def read_origin(pool: Pool, run_id: str) -> ClockOrigin | None:
    async with pool.connection() as connection:
        row = await (
            await connection.execute(
                "select origin_wall, origin_domain, speed from clock_origin where run_id = %s", (run_id,)
            )
        ).fetchone()
    return None if row is None else ClockOrigin(row[0], row[1], float(row[2]))
