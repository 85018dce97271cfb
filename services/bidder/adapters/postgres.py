"""The bidder's tables: read to start from, written to explain."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

from services.bidder.domain.decisions import Answer
from services.bidder.domain.market_state import Flags, Holding
from services.bidder.ports import Tables
from shared.db.pool import Pool, load_sql
from shared.db.records import read_markets, read_orders, read_positions
from shared.domain.ids import AccountId, MarketId
from shared.domain.reference import Strike

SQL = load_sql(Path(__file__).parent / "sql")


class PostgresRecords:
    """Raises psycopg.Error, as PostgresDecisions does."""

    def __init__(self, pool: Pool, account: AccountId) -> None:
        self._pool = pool
        self._account = account

    async def read(self, since: datetime) -> Tables:
        markets = await read_markets(self._pool, self._account, since)
        orders = await read_orders(self._pool, self._account, since)
        positions = await read_positions(self._pool, self._account, since)
        strikes, flags = await self._strikes_and_flags([market.market for market in markets])
        holdings = [(each.market, Holding(each.token, each.shares, each.version)) for each in positions]
        return Tables(markets, orders, holdings, strikes, flags)

    async def _strikes_and_flags(
        self, markets: list[MarketId]
    ) -> tuple[list[tuple[MarketId, Strike]], list[tuple[MarketId, Flags]]]:
        async with self._pool.connection() as connection:
            cursor = await connection.execute(SQL["markets"], {"account": self._account, "markets": markets})
            rows = await cursor.fetchall()
        strikes = [(MarketId(row[0]), Strike(row[1], row[2])) for row in rows if row[1] is not None]
        return strikes, [(MarketId(row[0]), Flags(*row[3:])) for row in rows]


class PostgresDecisions:
    def __init__(self, pool: Pool, account: AccountId) -> None:
        self._pool = pool
        self._account = account

    async def write(self, answers: Sequence[Answer]) -> None:
        columns = {
            "account": self._account,
            "markets": [each.market for each in answers],
            "outcomes": [each.outcome for each in answers],
            "verdicts": [each.verdict for each in answers],
            "reasons": [each.reason for each in answers],
            "prices": [None if each.price is None else each.price.value for each in answers],
            "repeats": [each.repeats for each in answers],
            "first_at": [each.first_at for each in answers],
            "last_at": [each.last_at for each in answers],
        }
        async with self._pool.connection() as connection:
            await connection.execute(SQL["write_decisions"], columns)
