"""The account's trading state, markets, orders and positions in Postgres."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

from services.risk.domain.breaker import BreakerLimits
from services.risk.domain.causes import Cause, Change, Raise, TradingState
from services.risk.domain.highest_bid import Rise
from services.risk.domain.odds import Struck
from services.risk.ports import AccountState, Guard, Held, Snapshot
from shared.db.pool import Pool, call, load_sql
from shared.db.records import Position, read_markets, read_orders, read_positions
from shared.domain.ids import AccountId, MarketId, TokenId
from shared.domain.money import Cash
from shared.fault_points import reach

SQL = load_sql(Path(__file__).parent / "sql")


class PostgresAccount:
    """`committed` is called after each commit that wrote facts."""

    def __init__(self, pool: Pool, account: AccountId, committed: Callable[[], None]) -> None:
        self._pool = pool
        self._account = account
        self._committed = committed

    async def state(self) -> AccountState:
        """Raises LookupError when the account does not exist."""
        async with self._pool.connection() as connection:
            row = await (await connection.execute(SQL["state"], (self._account,), prepare=True)).fetchone()
        if row is None:
            raise LookupError(f"account {self._account} does not exist")
        return _state(*row)

    async def apply(self, change: Change) -> None:
        if isinstance(change, Raise):
            cause = change.cause
            await self._guard(cause.name, cause.state, cause.detail, cancels=cause.cancels)
        else:
            await self._guard(change.name, TradingState.ACTIVE, "", cancels=False)

    async def _guard(self, cause: str, state: TradingState, detail: str, *, cancels: bool) -> None:
        await call(self._pool, SQL["guard"], (self._account, cause, state, detail, cancels))
        self._committed()

    async def snapshot(self, now: datetime) -> Snapshot:
        markets = await read_markets(self._pool, self._account, now)
        orders = await read_orders(self._pool, self._account, now)
        positions = await read_positions(self._pool, self._account, now)
        guards = [Guard(*row) for row in await self._rows("guards")]
        strikes = [Struck(*row) for row in await self._rows("strikes", now)]
        return Snapshot(
            [market for market in markets if market.end > now],
            orders,
            [_held(each) for each in positions],
            guards,
            strikes,
        )

    async def raise_highest_bid(self, rise: Rise) -> None:
        await call(self._pool, SQL["raise_highest_bid"], (self._account, rise.market, rise.token, rise.bid.value))

    async def hold_breaker_to(self, limits: BreakerLimits, now: datetime) -> None:
        """Today's limits, held against the breaker's figures at once."""
        drawdown, day = limits.max_drawdown.value, limits.daily_limit.value
        await call(self._pool, SQL["set_breaker_limits"], (self._account, limits.max_losses, drawdown, day, now))
        self._committed()

    async def close_entries(self, market: MarketId, reason: str, now: datetime) -> None:
        await call(self._pool, SQL["close_entries"], (self._account, market, reason, now))
        reach("exit_recorded")
        self._committed()

    async def mark_awaiting(self, market: MarketId, *, is_awaiting: bool) -> None:
        flag = "awaiting_settlement" if is_awaiting else "trading"
        await call(self._pool, SQL["guard_market"], (self._account, market, flag))

    async def count_override(self, market: MarketId, token: TokenId) -> None:
        await call(self._pool, SQL["count_override"], (self._account, market, token))

    async def alert(self, detail: str) -> None:
        await call(self._pool, SQL["alert"], (self._account, detail))

    async def _rows(self, name: str, *parameters: object) -> list[tuple[Any, ...]]:
        async with self._pool.connection() as connection:
            return await (await connection.execute(SQL[name], (self._account, *parameters))).fetchall()


def _held(position: Position) -> Held:
    return Held(
        position.market, position.token, position.outcome, position.shares, position.confirmed_shares, position.cost,
        position.filled_at, position.version, position.highest_bid,
    )  # fmt: skip


def _state(
    state: str,
    causes: Sequence[Mapping[str, Any]],
    killed_at: datetime | None,
    ages_seconds: Mapping[str, Any],
    exposure: Decimal,
    limit: Decimal,
) -> AccountState:
    return AccountState(
        state=TradingState(state),
        causes=tuple(
            Cause(cause["name"], TradingState(cause["state"]), cause["cancels"], cause["detail"]) for cause in causes
        ),
        killed_at=killed_at,
        ages_seconds={service: float(age) for service, age in ages_seconds.items()},
        exposure=Cash(exposure),
        limit=Cash(limit),
    )
