"""The account's markets, settlements and legs in Postgres."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

from services.settlement.domain.case import Case, Kind
from services.settlement.domain.payout import Leg
from services.settlement.domain.redemption import Holding, Wanted
from services.settlement.domain.resolution import Settle
from services.settlement.ports import Booking, Settled
from shared.db.pool import Pool, call, load_sql
from shared.domain.ids import AccountId, Coin, MarketId, OrderId, TokenId
from shared.domain.market import Market, Outcome, ProtocolVersion
from shared.domain.money import Cash, Shares
from shared.fault_points import reach

SQL = load_sql(Path(__file__).parent / "sql")


class PostgresLedger:
    """`committed` is called after each commit that wrote facts."""

    def __init__(self, pool: Pool, account: AccountId, committed: Callable[[], None]) -> None:
        self._pool = pool
        self._account = account
        self._committed = committed

    async def open_cases(self, now: datetime) -> list[Case]:
        async with self._pool.connection() as connection:
            rows = await connection.execute(SQL["open_cases"], {"account": self._account, "now": now}, prepare=True)
            return [_case(row) for row in await rows.fetchall()]

    async def close_entries(self, market: MarketId) -> None:
        await call(self._pool, SQL["close_entries"], (self._account, market))

    async def settle(self, market: MarketId, settlement: Settle, now: datetime) -> Settled:
        payouts = json.dumps({token: str(payout) for token, payout in settlement.payouts.items()})
        answer = await call(
            self._pool, SQL["settle"], (self._account, market, payouts, settlement.kind, settlement.source, now)
        )
        reach("market_settled")
        self._committed()
        return Settled(str(answer))

    async def alert(self, detail: str) -> None:
        await call(self._pool, SQL["alert"], (self._account, detail))

    async def booked_so_far(self) -> tuple[int, Cash]:
        async with self._pool.connection() as connection:
            row = await (await connection.execute(SQL["booked_so_far"], (self._account,))).fetchone()
        newest, profit = row or (0, Decimal(0))
        return newest, Cash(profit)

    async def booked_after(self, settlement_id: int) -> list[Booking]:
        async with self._pool.connection() as connection:
            rows = await connection.execute(SQL["booked_after"], (self._account, settlement_id), prepare=True)
            return [_booking(*row) for row in await rows.fetchall()]

    async def legs(self, market: MarketId, token: TokenId) -> Sequence[Leg]:
        async with self._pool.connection() as connection:
            rows = await connection.execute(SQL["legs"], (self._account, market, token))
            return [Leg(OrderId(order), Cash(cost)) for order, cost in await rows.fetchall()]


class PostgresTokens:
    """`committed` is called after each commit that wrote a command."""

    def __init__(self, pool: Pool, account: AccountId, committed: Callable[[], None]) -> None:
        self._pool = pool
        self._account = account
        self._committed = committed

    async def holdings(self, now: datetime) -> list[Holding]:
        async with self._pool.connection() as connection:
            rows = await connection.execute(SQL["holdings"], {"account": self._account, "now": now}, prepare=True)
            return [_holding(*row) for row in await rows.fetchall()]

    async def request(self, market: MarketId, wanted: Wanted, now: datetime) -> bool:
        parameters = (self._account, market, wanted.action, wanted.cash.value, now)
        is_new = await call(self._pool, SQL["request_redemption"], parameters) is not None
        self._committed()
        return is_new

    async def alert(self, detail: str) -> None:
        await call(self._pool, SQL["alert"], (self._account, detail))


def _holding(
    market: str, slug: str, is_final: bool | None, payable: Decimal, pairs: Decimal, turned: Decimal,
    is_under_way: bool, failures: int, failed_at: datetime | None,
) -> Holding:  # fmt: skip
    return Holding(
        MarketId(market), slug, is_final is True, Cash(payable), Shares(pairs), Cash(turned), is_under_way, failures,
        failed_at,
    )  # fmt: skip


def _case(row: Sequence[Any]) -> Case:
    *market, held, first_fill_at, has_unsettled_shares, is_guarded, settled_by = row
    return Case(
        market=_market(*market),
        held=held,
        first_fill_at=first_fill_at,
        has_unsettled_shares=has_unsettled_shares,
        is_guarded=is_guarded,
        settled_by=None if settled_by is None else Kind(settled_by),
    )


def _market(
    market: str, slug: str, coin: str, start: datetime, end: datetime, tick: Decimal, min_shares: Decimal,
    fee_rate: Decimal, version: str, neg_risk: bool, accepting: bool, outcomes: list[str], tokens: list[str],
) -> Market:  # fmt: skip
    first, second = (Outcome(name, TokenId(token)) for name, token in zip(outcomes, tokens, strict=True))
    return Market(
        MarketId(market), slug, Coin(coin), start, end, (first, second), tick, Shares(min_shares), fee_rate,
        ProtocolVersion(version), neg_risk, accepting,
    )  # fmt: skip


def _booking(
    settlement_id: int, market: str, slug: str, token: str, kind: str, payout: Decimal, profit: Decimal, source: str,
    occurred_at: datetime, market_end: datetime,
) -> Booking:  # fmt: skip
    return Booking(
        settlement_id, MarketId(market), slug, TokenId(token), kind, payout, Cash(profit), source, occurred_at,
        market_end,
    )  # fmt: skip
