"""The bidder's tables: read to start from, written to explain."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime
from pathlib import Path

from services.bidder.domain.decisions import Episode, Look
from services.bidder.domain.market_state import Flags, Holding
from services.bidder.ports import Tables
from shared.db.pool import Pool, load_sql
from shared.db.records import read_markets, read_orders, read_positions
from shared.domain.ids import AccountId, MarketId
from shared.domain.reference import Strike

EPISODES_A_MARKET_MAX = 2000
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

    async def write(self, episodes: Sequence[Episode]) -> None:
        columns = {
            "account": self._account,
            "markets": [each.market for each in episodes],
            "outcomes": [each.outcome for each in episodes],
            "verdicts": [each.verdict for each in episodes],
            "reasons": [each.reason for each in episodes],
            "prices": [None if each.price is None else each.price.value for each in episodes],
            "repeats": [each.repeats for each in episodes],
            "first_at": [each.first_at for each in episodes],
            "last_at": [each.last_at for each in episodes],
            "first_looks": [_json(each.first) for each in episodes],
            "last_looks": [_json(each.last) for each in episodes],
        }
        async with self._pool.connection() as connection:
            await connection.execute(SQL["write_decisions"], columns)

    async def prune(self, before: datetime) -> None:
        limits = {"account": self._account, "before": before, "kept": EPISODES_A_MARKET_MAX}
        async with self._pool.connection() as connection:
            await connection.execute(SQL["prune_decisions"], limits)


def _json(look: Look | None) -> str | None:
    """Decimals as text, instants in ISO 8601, tops by token."""
    if look is None:
        return None
    inputs = look.inputs
    tops = dict(inputs.tops)
    shown = {name: getattr(inputs, name) for name in ("spot", "spot_at", "strike", "fair_value", "model")}
    filters = [asdict(verdict) for verdict in look.verdicts]
    return json.dumps({"order": look.order, "inputs": {"tops": tops, **shown}, "filters": filters}, default=_text)


def _text(value: object) -> str:
    return value.isoformat() if isinstance(value, datetime) else str(value)
