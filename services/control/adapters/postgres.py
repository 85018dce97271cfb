"""The tables read for the operator, and the functions that act for them."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path
from typing import Any, LiteralString

import psycopg

from services.control.domain.overview import (
    AccountView,
    BreakerView,
    Cause,
    Exposure,
    MarketView,
    OrderView,
    PositionView,
    ProfitView,
    ServiceView,
    SettlementView,
    TopView,
)
from services.control.domain.receipt import OrderState
from services.control.ports import DatabaseAwayError, UnavailableError
from shared.db.pool import Pool, load_sql
from shared.domain.clock import Clock

SQL = load_sql(Path(__file__).parent / "sql")
CONNECTION_TIMEOUT_SECONDS = 2.0
HALT_BOUND_SECONDS = 1.0
AWAY = "Postgres cannot be reached, so no order can be reserved either; see `tdmaker doctor`"
CLOSED_POLL_SECONDS = 0.02
PRICE_STEP = Decimal("0.0001")
HALT: LiteralString = "select halt(%(account)s, %(actor)s, %(detail)s)::text"
RESUME: LiteralString = "select resume(%(account)s, %(actor)s, %(detail)s)::text"
PAUSE: LiteralString = "select pause(%(account)s, %(actor)s, %(detail)s)::text"
RESET_BREAKER: LiteralString = "select breaker_reset(%(account)s, %(actor)s, %(force)s)"


class _Asked:
    """One statement at a time, for one account; a fault of the database is one kind of error."""

    def __init__(self, pool: Pool, account: str) -> None:
        self._pool = pool
        self._account = account

    async def rows(self, statement: LiteralString, **parameters: object) -> list[tuple[Any, ...]]:
        try:
            async with self._pool.connection(timeout=CONNECTION_TIMEOUT_SECONDS) as connection:
                cursor = await connection.execute(statement, {"account": self._account, **parameters})
                return await cursor.fetchall()
        except psycopg.OperationalError as error:
            raise DatabaseAwayError(AWAY) from error
        except psycopg.errors.ForeignKeyViolation as error:
            raise UnavailableError(f"account {self._account} is not open yet; there is nothing to act on") from error
        except psycopg.Error as error:
            raise UnavailableError(f"Postgres answers with {type(error).__name__}; see the log of control") from error


class PostgresRecords:
    def __init__(self, pool: Pool, account: str, venue: str) -> None:
        self._ask = _Asked(pool, account)
        self._venue = venue

    async def account(self) -> AccountView | None:
        rows = await self._ask.rows(SQL["account"])
        return _account(*rows[0]) if rows else None

    async def markets(self, domain_now: datetime) -> list[MarketView]:
        return [_market(row) for row in await self._ask.rows(SQL["markets"], venue=self._venue, now=domain_now)]

    async def orders(self, *, working_only: bool, limit: int) -> list[OrderView]:
        rows = await self._ask.rows(SQL["orders"], working_only=working_only, limit=limit)
        return [OrderView(*row) for row in rows]

    async def positions(self, *, held_only: bool, limit: int) -> list[PositionView]:
        return [_position(row) for row in await self._ask.rows(SQL["positions"], held_only=held_only, limit=limit)]

    async def profit(self, domain_now: datetime) -> ProfitView:
        (figures,) = await self._ask.rows(SQL["profit"], now=domain_now)
        settlements = await self._ask.rows(SQL["settlements"])
        return ProfitView(*figures, settlements=tuple(SettlementView(*row) for row in settlements))

    async def breaker(self, domain_now: datetime) -> BreakerView | None:
        rows = await self._ask.rows(SQL["breaker"], now=domain_now)
        return BreakerView(*rows[0]) if rows else None

    async def services(self) -> list[ServiceView]:
        return [ServiceView(*row) for row in await self._ask.rows(SQL["services"])]


class PostgresSwitches:
    """The named functions of the account: each locks it, records the act and announces the new state."""

    def __init__(self, pool: Pool, account: str, clock: Clock) -> None:
        self._ask = _Asked(pool, account)
        self._clock = clock
        self._halting: asyncio.Task[str] | None = None

    async def halt(self, actor: str, reason: str) -> str:
        """A statement that hangs is not taken back, which could take as long: the next call waits for it again."""
        if self._halting is None:
            self._halting = asyncio.create_task(self._act(HALT, actor, reason))
            self._halting.add_done_callback(_retrieve)
        halting = self._halting
        done, _ = await asyncio.wait({halting}, timeout=HALT_BOUND_SECONDS)
        if not done:
            raise DatabaseAwayError(AWAY)
        self._halting = None
        return halting.result()

    async def resume(self, actor: str, reason: str) -> str:
        return await self._act(RESUME, actor, reason)

    async def pause(self, actor: str, reason: str) -> str:
        return await self._act(PAUSE, actor, reason)

    async def reset_breaker(self, actor: str, *, force: bool) -> str | None:
        ((state,),) = await self._ask.rows(RESET_BREAKER, actor=actor, force=force)
        return None if state == "needs_force" else str(state)

    async def open_orders(self) -> list[OrderState]:
        return await self._orders(frozenset())

    async def wait_until_closed(self, order_ids: frozenset[str], wait_seconds: float) -> Mapping[str, OrderState]:
        give_up_at = self._clock.monotonic_seconds() + wait_seconds
        while True:
            orders = await self._orders(order_ids)
            if all(order.is_final for order in orders) or self._clock.monotonic_seconds() >= give_up_at:
                return {order.order_id: order for order in orders}
            await asyncio.sleep(CLOSED_POLL_SECONDS)

    async def _act(self, statement: LiteralString, actor: str, reason: str) -> str:
        ((state,),) = await self._ask.rows(statement, actor=actor, detail=reason)
        if state is None:
            raise UnavailableError("the account is not open yet; there is nothing to act on")
        return str(state)

    async def _orders(self, order_ids: frozenset[str]) -> list[OrderState]:
        rows = await self._ask.rows(SQL["open_orders"], order_ids=list(order_ids))
        return [OrderState(*row) for row in rows]


def _retrieve(halting: asyncio.Task[str]) -> None:
    """Nobody may have waited that long for its failure."""
    if not halting.cancelled():
        halting.exception()


def _account(
    account: str, state: str, open_cost: Decimal, reserved: Decimal, limit: Decimal, peak: Decimal,
    causes: list[Sequence[str]],
) -> AccountView:  # fmt: skip
    listed = tuple(Cause(*words, since=datetime.fromisoformat(since)) for *words, since in causes)
    return AccountView(account, state, listed, Exposure(open_cost, reserved, limit, peak))


def _market(row: Sequence[Any]) -> MarketView:
    market, slug, coin, start, end, strike, source, outcomes, tokens, decisions = row
    return MarketView(
        market=market,
        slug=slug,
        coin=coin,
        start=start,
        end=end,
        strike=strike,
        strike_source=source,
        spot=None,
        price_source=None,
        move_pct=None,
        tops=tuple(
            TopView(outcome, token, None, None, None, None, known=False, seen_at=None)
            for outcome, token in zip(outcomes, tokens, strict=True)
        ),
        decisions=decisions,
    )


def _position(row: Sequence[Any]) -> PositionView:
    market, slug, outcome, token, shares, confirmed, cost, settled, profit, filled_at = row
    return PositionView(
        market=market,
        slug=slug,
        outcome=outcome,
        token=token,
        shares=shares,
        confirmed_shares=max(Decimal(0), confirmed),
        cost=cost,
        average_price=(cost / shares).quantize(PRICE_STEP, ROUND_HALF_UP) if shares else None,
        bid=None,
        worth=None,
        settled=settled,
        profit=profit,
        filled_at=filled_at,
    )
