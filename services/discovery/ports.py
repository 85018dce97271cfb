"""What discovery needs of the world."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from services.discovery.domain.strike import Strike
from shared.domain.ids import MarketId, TokenId
from shared.domain.market import Market


class Listings(Protocol):
    async def find(self, slug: str) -> Market | None:
        """None while the venue does not list it, or lists what cannot be traded (which is kept for inspection)."""
        ...


class Record(Protocol):
    """Each writes the row and its fact in one statement, and says whether anything was new."""

    async def list_market(self, market: Market) -> bool: ...

    async def capture_strike(self, market: MarketId, strike: Strike) -> bool: ...

    async def park(self, source: str, reason: str, excerpt: str) -> None: ...


class Streams(Protocol):
    """Subscriptions of one step go out in one message."""

    def watch_tokens(self, tokens: Sequence[TokenId]) -> None: ...

    def forget_tokens(self, tokens: Sequence[TokenId]) -> None: ...
