"""The order table in Postgres. The reservation goes over a connection of its own, kept warm: one round trip."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any, LiteralString

import psycopg

from services.executor.domain.open_order import Instruction, OpenOrder, SignedEntry
from services.executor.ports import TableUnavailableError
from shared.db.lease import Lease, is_stale_holder
from shared.db.pool import Pool, load_sql
from shared.domain.clock import Clock
from shared.domain.ids import AccountId, MarketId, OrderId, TokenId, VenueOrderId
from shared.domain.money import Shares
from shared.domain.order import OrderStatus, TimeInForce
from shared.fault_points import reach

SQL = load_sql(Path(__file__).parent / "sql")
HISTORY = "select exists (select 1 from orders where account_id = %(account)s)"
ANSWER_BOUND_SECONDS = 5.0
LONG_AGO = datetime(1970, 1, 1, tzinfo=UTC)
Row = Sequence[Any]


class PostgresOrders:
    """`hot` is a pool of one connection that only reservations use."""

    def __init__(self, pool: Pool, hot: Pool, account: AccountId, lease: Lease, clock: Clock) -> None:
        self._pool = pool
        self._hot = hot
        self._account = account
        self._lease = lease
        self._clock = clock

    async def warm(self) -> None:
        """Prepares and plans the reservation with one that is long expired; it writes nothing."""
        await self._rows(self._hot, SQL["reserve"], _EXPIRED | self._fence() | {"domain_now": self._clock.now()})

    async def reserve(self, wanted: Instruction, signed: SignedEntry, domain_now: datetime) -> str | None:
        parameters = {
            "order": wanted.order_id,
            "tag": wanted.strategy_tag,
            "market": wanted.market,
            "token": wanted.token,
            "outcome": wanted.outcome,
            "side": str(wanted.side),
            "purpose": wanted.purpose,
            "rung": wanted.rung,
            "attempt": wanted.attempt,
            "price": wanted.price.value,
            "shares": wanted.shares.value,
            "time_in_force": str(wanted.time_in_force),
            "post_only": wanted.post_only,
            "venue_order": signed.venue_order_id,
            "signed": signed.body or None,
            "valid_until": wanted.valid_until,
            "domain_now": domain_now,
        }
        reach("order_signed")
        rows = await self._rows(self._hot, SQL["reserve"], parameters | self._fence())
        reach("order_reserved")
        return rows[0][0]

    async def apply(self, order: OrderId, event: str, matched: Shares | None, reason: str) -> OrderStatus:
        parameters = {
            "order": order,
            "event": event,
            "matched": None if matched is None else matched.value,
            "reason": reason[:500],
            "occurred_at": self._clock.now(),
        }
        rows = await self._rows(self._pool, SQL["apply"], parameters | self._fence())
        reach("answer_recorded")
        return OrderStatus(rows[0][0])

    async def request_cancels(self, orders: Sequence[OrderId], reason: str) -> Mapping[OrderId, OrderStatus]:
        parameters = {"orders": list(orders), "reason": reason[:500], "occurred_at": self._clock.now()}
        rows = await self._rows(self._pool, SQL["request_cancels"], parameters | self._fence())
        reach("cancel_recorded")
        return {OrderId(order): OrderStatus(status) for order, status in rows}

    async def open_orders(self, market: MarketId | None = None) -> list[OpenOrder]:
        rows = await self._rows(
            self._pool, SQL["open_orders"], {"account": self._account, "market": market, "order": None}
        )
        return [_open_order(*row) for row in rows]

    async def open_order(self, order: OrderId) -> OpenOrder | None:
        rows = await self._rows(
            self._pool, SQL["open_orders"], {"account": self._account, "market": None, "order": order}
        )
        return _open_order(*rows[0]) if rows else None

    async def close_exits(self, market: MarketId | None = None) -> list[MarketId]:
        parameters = {"market": market, "occurred_at": self._clock.now()}
        rows = await self._rows(self._pool, SQL["close_exits"], parameters | self._fence())
        return [MarketId(closed) for closed, is_said in rows if is_said]

    async def known_statuses(
        self, orders: Sequence[VenueOrderId]
    ) -> Mapping[VenueOrderId, tuple[OrderId, OrderStatus]]:
        rows = await self._rows(
            self._pool, SQL["known_statuses"], {"account": self._account, "venue_orders": list(orders)}
        )
        return {VenueOrderId(theirs): (OrderId(ours), OrderStatus(status)) for theirs, ours, status in rows}

    async def has_history(self) -> bool:
        rows = await self._rows(self._pool, HISTORY, {"account": self._account})
        return bool(rows[0][0])

    def _fence(self) -> dict[str, object]:
        return {"account": self._account, "lease": self._lease.name, "epoch": self._lease.epoch or 0}

    async def _rows(self, pool: Pool, statement: LiteralString, parameters: Mapping[str, object]) -> list[Row]:
        try:
            async with pool.connection(ANSWER_BOUND_SECONDS) as connection:
                return list(await (await connection.execute(statement, parameters, prepare=True)).fetchall())
        except psycopg.Error as error:
            if is_stale_holder(error):
                raise TableUnavailableError(f"the lease has passed on: {error}") from None
            raise TableUnavailableError(f"{type(error).__name__}: {error}") from error


_EXPIRED: dict[str, object] = {
    "order": "",
    "tag": "",
    "market": "",
    "token": "",
    "outcome": "",
    "side": "BUY",
    "purpose": "entry",
    "rung": 0,
    "attempt": 0,
    "price": Decimal("0.5"),
    "shares": Decimal(1),
    "time_in_force": "GTC",
    "post_only": True,
    "venue_order": "",
    "signed": b"",
    "valid_until": LONG_AGO,
}


def _open_order(
    order: str, venue_order: str | None, market: str, token: str, outcome: str, purpose: str, status: str,
    shares: Decimal, filled: Decimal, venue_matched: Decimal, was_seen: bool, unwanted: str, valid_until: datetime,
    cancel_asked_at: datetime | None, slot_end: datetime, time_in_force: str,
) -> OpenOrder:  # fmt: skip
    return OpenOrder(
        OrderId(order), VenueOrderId(venue_order or ""), MarketId(market), TokenId(token), outcome, purpose,
        OrderStatus(status), Shares(shares), Shares(filled), Shares(venue_matched), was_seen, unwanted, valid_until,
        cancel_asked_at, slot_end, TimeInForce(time_in_force),
    )  # fmt: skip
