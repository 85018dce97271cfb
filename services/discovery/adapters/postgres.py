"""Markets and strikes, each written with its fact; and frames set aside for a human."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable
from datetime import datetime
from typing import LiteralString

import psycopg

from services.discovery.domain.strikes import Strike
from shared.db.pool import Pool, call
from shared.domain.ids import MarketId
from shared.domain.market import Market
from shared.runtime.logs import Log
from shared.runtime.metrics import Metrics
from shared.venue.errors import VenueFrameError

LIST_MARKET = "select list_market(%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s)"
CAPTURE_STRIKE = "select capture_strike(%s, %s, %s, %s, %s, %s)"
PARK = """
insert into parked_frame (source, reason, excerpt)
select * from unnest(%s::text[], %s::text[], %s::text[])
"""
KEEP_NEWEST = """
delete from parked_frame where parked_id <= (select max(parked_id) from parked_frame) - %s
"""
PARKED_MAX = 1000
WAITING_MAX = 100


class PostgresListings:
    """`committed` is called when there is a fact to relay. Raises psycopg.OperationalError.

    What contradicts the tables, such as a slug under a second id, is logged and passed over: one market never costs
    the others.
    """

    def __init__(self, pool: Pool, venue: str, committed: Callable[[], None], log: Log) -> None:
        self._pool = pool
        self._venue = venue
        self._committed = committed
        self._log = log

    async def list_market(self, market: Market, now: datetime) -> int | None:
        return await self._write(
            LIST_MARKET,
            market.market,
            self._venue,
            market.slug,
            market.coin,
            market.start,
            market.end,
            [outcome.name for outcome in market.outcomes],
            [outcome.token for outcome in market.outcomes],
            market.tick,
            market.min_shares.value,
            market.taker_fee_rate,
            market.version.value,
            market.neg_risk,
            market.accepting_orders,
            now,
        )

    async def capture_strike(self, market: MarketId, strike: Strike, now: datetime) -> int | None:
        return await self._write(
            CAPTURE_STRIKE, market, strike.price, strike.source, strike.provenance.value, strike.tick_at, now
        )

    async def _write(self, statement: LiteralString, *parameters: object) -> int | None:
        try:
            version = await call(self._pool, statement, parameters)
        except psycopg.IntegrityError as error:
            self._log.error("write_refused", reason=str(error))
            return None
        if isinstance(version, int):
            self._committed()
            return version
        return None


class ParkedFrames:
    """Counted at once, written beside the hot path; the newest thousand are kept."""

    def __init__(self, pool: Pool, metrics: Metrics, sources: Iterable[str] = ()) -> None:
        self._pool = pool
        self._waiting: deque[tuple[str, str, str]] = deque(maxlen=WAITING_MAX)
        self._refused = metrics.counter("frames_refused_total", "Frames that could not be read", ("source",))
        for source in sources:
            self._refused.labels(source)

    def park(self, source: str, error: VenueFrameError) -> None:
        self._refused.labels(source).inc()
        self._waiting.append((source, f"{error.field}: {error.problem}", error.excerpt))

    async def write(self) -> None:
        """Raises psycopg.Error; what could not be written is dropped, it was counted."""
        if not self._waiting:
            return
        sources, reasons, excerpts = (list(column) for column in zip(*self._waiting, strict=True))
        self._waiting.clear()
        async with self._pool.connection() as connection:
            await connection.execute(PARK, (sources, reasons, excerpts))
            await connection.execute(KEEP_NEWEST, (PARKED_MAX,))
