"""What fills needs of the world."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from typing import Protocol

from services.fills.domain.fill import HeardFill
from shared.domain.ids import OrderId, TokenId, VenueOrderId
from shared.domain.money import Cash, Shares
from shared.domain.order import Order


class Ledger(Protocol):
    """Every write carries the lease's epoch. Raises psycopg.Error."""

    async def order_of(self, venue_order_id: VenueOrderId) -> Order | None:
        """Among all orders we ever knew, final ones too."""
        ...

    async def unresolved_orders(self, token: TokenId | None = None) -> Sequence[Order]: ...

    async def taker_fee_rate(self, order: OrderId) -> Decimal: ...

    async def book(self, order: OrderId, fill: HeardFill, fee: Cash) -> str:
        """What became of it, in the words of the booking function."""
        ...

    async def park(self, fill: HeardFill, reason: str) -> None: ...

    async def resolve_parked(self, fill: HeardFill) -> None: ...

    async def apply(self, order: OrderId, event: str, matched: Shares | None, reason: str, at: datetime) -> None: ...

    async def has_unbooked_matches(self) -> bool:
        """Whether the venue matched more of some order than we booked."""
        ...

    async def sweep_from(self) -> datetime | None:
        """The start of the oldest market that is not settled yet, domain time."""
        ...

    async def mark_swept(self, until: datetime) -> None: ...
