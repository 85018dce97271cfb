"""Discovery's tables."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import LiteralString

from services.discovery.domain.strike import Strike
from shared.db.pool import Pool, call
from shared.domain.clock import Clock
from shared.domain.ids import MarketId
from shared.domain.market import Market

LIST_MARKET = "select list_market(%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s)"
CAPTURE_STRIKE = "select capture_strike(%s, %s, %s, %s, %s)"
PARK = """
with kept as (insert into parked_frame (source, reason, excerpt) values (%s, %s, %s) returning parked_id)
delete from parked_frame where parked_id <= (select parked_id from kept) - 1000
"""


class PostgresRecord:
    """`kick` is told after each commit that made a fact. Raises psycopg.Error."""

    def __init__(self, pool: Pool, venue: str, clock: Clock, kick: Callable[[], None]) -> None:
        self._pool = pool
        self._venue = venue
        self._clock = clock
        self._kick = kick

    async def list_market(self, market: Market) -> bool:
        return await self._write(LIST_MARKET, _parameters(self._venue, market, self._clock.now()))

    async def capture_strike(self, market: MarketId, strike: Strike) -> bool:
        return await self._write(
            CAPTURE_STRIKE, (market, strike.price, strike.source, strike.provenance.value, strike.tick_at)
        )

    async def park(self, source: str, reason: str, excerpt: str) -> None:
        """Keeps the newest thousand."""
        async with self._pool.connection() as connection:
            await connection.execute(PARK, (source, reason, excerpt))

    async def _write(self, statement: LiteralString, parameters: tuple[object, ...]) -> bool:
        is_new = bool(await call(self._pool, statement, parameters))
        if is_new:
            self._kick()
        return is_new


def _parameters(venue: str, market: Market, now: datetime) -> tuple[object, ...]:
    return (
        venue,
        market.market,
        market.slug,
        market.coin,
        market.start,
        market.end,
        market.tick,
        market.min_shares.value,
        market.taker_fee_rate,
        market.version.value,
        market.neg_risk,
        market.accepting_orders,
        [outcome.name for outcome in market.outcomes],
        [outcome.token for outcome in market.outcomes],
        now,
    )
