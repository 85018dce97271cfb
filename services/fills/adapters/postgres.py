"""The ledger's functions as fills calls them."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any, LiteralString

from services.fills.domain.fill import HeardFill
from shared.db.lease import Lease
from shared.db.pool import Pool, call
from shared.db.records import read_order_by_venue_id, read_unresolved_orders
from shared.domain.ids import AccountId, OrderId, TokenId, VenueOrderId
from shared.domain.money import Cash, Shares
from shared.domain.order import Order

BOOK = "select book_fill(%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, 'fills', %s, %s)"
PARK = "select park_fill(%s, %s, %s, %s, %s, 'fills', %s, %s)"
RESOLVE = "select resolve_unmatched(%s, %s, 'fills', %s, %s)"
APPLY = "select apply_order_event(%s, %s, %s, %s, %s, %s, 'fills', %s, %s)"
SWEPT = "select mark_swept(%s, %s, %s, %s)"
FEE_RATE = "select taker_fee_rate from market join orders using (market_id) where order_id = %s"
UNBOOKED = "select exists (select 1 from orders where account_id = %s and venue_matched > filled)"
SWEEP_FROM = """
select min(m.slot_start) from market_guard g join market m using (market_id)
where g.account_id = %s and not g.settled
"""


class PostgresLedger:
    """`kick` is told after each commit that may have made a fact."""

    def __init__(self, pool: Pool, account: AccountId, lease: Lease, kick: Callable[[], None]) -> None:
        self._pool = pool
        self._account = account
        self._lease = lease
        self._kick = kick

    async def order_of(self, venue_order_id: VenueOrderId) -> Order | None:
        return await read_order_by_venue_id(self._pool, self._account, venue_order_id)

    async def unresolved_orders(self, token: TokenId | None = None) -> Sequence[Order]:
        orders = await read_unresolved_orders(self._pool, self._account)
        return [order for order in orders if token is None or order.token == token]

    async def taker_fee_rate(self, order: OrderId) -> Decimal:
        rate = await call(self._pool, FEE_RATE, (order,))
        if not isinstance(rate, Decimal):
            raise LookupError(f"no market for order {order}")
        return rate

    async def book(self, order: OrderId, fill: HeardFill, fee: Cash) -> str:
        return str(
            await self._write(
                BOOK,
                self._account,
                fill.trade,
                order,
                fill.bucket,
                fill.price.value,
                fill.shares.value,
                fee.value,
                fill.liquidity,
                fill.status.value,
                fill.source.value,
                fill.occurred_at,
            )
        )

    async def park(self, fill: HeardFill, reason: str) -> None:
        await self._write(PARK, self._account, fill.market, fill.identity, reason, json.dumps(_payload(fill)))

    async def resolve_parked(self, fill: HeardFill) -> None:
        await self._write(RESOLVE, self._account, fill.identity)

    async def apply(self, order: OrderId, event: str, matched: Shares | None, reason: str, at: datetime) -> None:
        size = None if matched is None else matched.value
        await self._write(APPLY, self._account, order, event, size, reason, at)

    async def has_unbooked_matches(self) -> bool:
        return bool(await call(self._pool, UNBOOKED, (self._account,)))

    async def sweep_from(self) -> datetime | None:
        found = await call(self._pool, SWEEP_FROM, (self._account,))
        return found if isinstance(found, datetime) else None

    async def mark_swept(self, until: datetime) -> None:
        await self._write(SWEPT, self._account, until)

    async def _write(self, statement: LiteralString, *parameters: Any) -> object:
        answer = await call(self._pool, statement, (*parameters, self._lease.name, self._lease.epoch))
        self._kick()
        return answer


def _payload(fill: HeardFill) -> dict[str, str]:
    return {
        "trade": fill.trade,
        "venue_order_id": fill.venue_order_id or "",
        "token": fill.token,
        "price": str(fill.price),
        "shares": str(fill.shares),
        "status": fill.status.value,
        "source": fill.source.value,
    }
