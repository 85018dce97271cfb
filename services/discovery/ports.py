"""What discovery needs of the world."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Protocol

from services.discovery.domain.slots import WantedSlot
from services.discovery.domain.strikes import Strike
from shared.domain.ids import MarketId, TokenId
from shared.domain.market import Market


@dataclass(frozen=True, slots=True)
class FoundMarket:
    """`strike` is the venue's own, dollars, once it states one."""

    market: Market
    strike: Decimal | None


class Catalogue(Protocol):
    async def find(self, wanted: Sequence[WantedSlot]) -> Sequence[FoundMarket]:
        """Those of the wanted that are listed and understood; the rest is logged and looked for again."""
        ...


class Listings(Protocol):
    """Writes, each with its fact in one statement. None when the table already had it so."""

    async def list_market(self, market: Market, now: datetime) -> int | None: ...

    async def capture_strike(self, market: MarketId, strike: Strike, now: datetime) -> int | None: ...


class Streams(Protocol):
    def subscribe(self, tokens: Sequence[TokenId]) -> None:
        """In one message."""
        ...

    def unsubscribe(self, tokens: Sequence[TokenId]) -> None: ...


class Report(Protocol):
    def market_listed(self, market: Market, version: int | None) -> None: ...

    def strike_captured(self, market: MarketId, strike: Strike, version: int | None) -> None: ...

    def strike_checked(self, market: MarketId, agrees: bool) -> None: ...
