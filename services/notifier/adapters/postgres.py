"""Markets, positions and alerts as the tables have them, with the latest spot heard on the bus."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any, LiteralString

import psycopg

from services.notifier.domain.notification import MarketFacts
from shared.db.pool import Pool
from shared.domain.ids import AccountId, MarketId, TokenId, TradeId
from shared.messages.discovery import ReferencePrice
from shared.runtime.logs import get_log

ANSWER_BOUND_SECONDS = 2.0
MARKET: LiteralString = """
select m.slug, m.slot_start, m.coin, s.price
from market m left join strike s using (market_id) where m.market_id = %s
"""
ENTERED_AT: LiteralString = "select filled_at from positions where account_id = %s and market_id = %s and token_id = %s"
SALE_PROFIT: LiteralString = """
select profit from settlement where account_id = %s and kind = 'sale' and source = %s
"""
NEWEST_ALERT: LiteralString = "select coalesce(max(action_id), 0) from operator_action where account_id = %s"
ALERTS: LiteralString = """
select action_id, detail from operator_action
where account_id = %s and act = 'alert' and action_id > %s order by action_id
"""


class KnownRecords:
    """Never fails a notification: without the database a market is named by its id."""

    def __init__(self, pool: Pool, account: AccountId) -> None:
        self._pool = pool
        self._account = account
        self._prices: dict[str, ReferencePrice] = {}
        self._newest_alert: int | None = None

    def hear(self, price: ReferencePrice) -> None:
        if price.spot is not None:
            self._prices[price.coin] = price

    async def facts(self, market: MarketId) -> MarketFacts:
        rows = await self._rows(MARKET, market)
        if not rows:
            return MarketFacts(slug=market)
        slug, start, coin, strike = rows[0]
        price = self._prices.get(coin)
        if price is None:
            return MarketFacts(slug, start, strike)
        return MarketFacts(slug, start, strike, price.spot, price.spot_at)

    async def entered_at(self, market: MarketId, token: TokenId) -> datetime | None:
        rows = await self._rows(ENTERED_AT, self._account, market, token)
        return rows[0][0] if rows else None

    async def sale_profit(self, trade: TradeId, fill_id: int) -> Decimal | None:
        rows = await self._rows(SALE_PROFIT, self._account, f"{trade}/{fill_id}")
        return rows[0][0] if rows else None

    async def new_alerts(self) -> list[str]:
        if self._newest_alert is None:
            rows = await self._rows(NEWEST_ALERT, self._account)
            self._newest_alert = rows[0][0] if rows else None
            return []
        rows = await self._rows(ALERTS, self._account, self._newest_alert)
        if rows:
            self._newest_alert = rows[-1][0]
        return [detail for _, detail in rows]

    async def _rows(self, statement: LiteralString, *parameters: object) -> Sequence[Any]:
        try:
            async with self._pool.connection(timeout=ANSWER_BOUND_SECONDS) as connection:
                return await (await connection.execute(statement, parameters)).fetchall()
        except psycopg.Error as error:
            get_log().warning("tables_silent", reason=f"{type(error).__name__}: {error}")
            return []
