"""The markets this executor can sign for: told by the bus, read again from the table, which is never older."""

from __future__ import annotations

from datetime import timedelta

import psycopg

from services.executor.ports import TableUnavailableError
from shared.db.pool import Pool
from shared.db.records import read_markets
from shared.domain.clock import Clock
from shared.domain.ids import AccountId, MarketId
from shared.domain.market import Market

MEMORY = timedelta(hours=2)
"""Domain time after its end for which a market is still known."""


class MarketTable:
    def __init__(self, pool: Pool, account: AccountId, clock: Clock) -> None:
        self._pool = pool
        self._account = account
        self._clock = clock
        self._markets: dict[MarketId, Market] = {}

    def known(self, market: MarketId) -> Market | None:
        return self._markets.get(market)

    async def find(self, market: MarketId) -> Market | None:
        """An intent may overtake the fact that lists its market. Raises TableUnavailableError."""
        await self.reread()
        return self._markets.get(market)

    def learn(self, market: Market) -> None:
        self._markets[market.market] = market

    async def reread(self) -> None:
        """Raises TableUnavailableError."""
        try:
            found = await read_markets(self._pool, self._account, self._clock.now() - MEMORY)
        except psycopg.Error as error:
            raise TableUnavailableError(f"{type(error).__name__}: {error}") from error
        self._markets = {market.market: market for market in found}
