"""Markets as the tables have them, with the latest spot heard on the bus."""

from __future__ import annotations

from decimal import Decimal

import psycopg

from services.notifier.domain.notification import MarketFacts
from shared.db.pool import Pool
from shared.domain.ids import MarketId
from shared.messages.discovery import ReferencePrice
from shared.runtime.logs import get_log

SELECT_MARKET = """
select m.slug, m.slot_start, m.coin, s.price
from market m left join strike s using (market_id) where m.market_id = %s
"""


class KnownMarkets:
    """Never fails a notification: without the database a market is named by its id."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool
        self._spots: dict[str, Decimal] = {}

    def hear(self, price: ReferencePrice) -> None:
        if price.spot is not None:
            self._spots[price.coin] = price.spot

    async def facts(self, market: MarketId) -> MarketFacts:
        try:
            async with self._pool.connection(timeout=2) as connection:
                row = await (await connection.execute(SELECT_MARKET, (market,))).fetchone()
        except psycopg.Error as error:
            get_log().warning("market_unknown", market=market, reason=str(error))
            row = None
        if row is None:
            return MarketFacts(slug=market)
        slug, start, coin, strike = row
        return MarketFacts(slug=slug, start=start, strike=strike, spot=self._spots.get(coin))
