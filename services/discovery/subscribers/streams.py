"""The market socket with the books made of it: a token joins and leaves both together."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence

from services.discovery.subscribers.market import MarketFeed
from shared.domain.ids import TokenId
from shared.venue.market_socket import MarketSocket

UNSUBSCRIBED_SECONDS = 0.05
"""Wall: between leaving and joining again, so that both are really said."""


class MarketStreams:
    """`forgotten` is told of tokens that nobody watches any more."""

    def __init__(
        self, socket: MarketSocket, feed: MarketFeed, forgotten: Callable[[tuple[TokenId, ...]], None]
    ) -> None:
        self._socket = socket
        self._feed = feed
        self._forgotten = forgotten

    async def run(self) -> None:
        await self._socket.run()

    def subscribe(self, tokens: Sequence[TokenId]) -> None:
        self._socket.subscribe(tokens)

    def unsubscribe(self, tokens: Sequence[TokenId]) -> None:
        gone = tuple(tokens)
        self._socket.unsubscribe(gone)
        self._feed.drop(gone)
        self._forgotten(gone)

    async def resubscribe(self, tokens: Sequence[TokenId]) -> None:
        """Asks for a new snapshot; the books stay as they are until it comes."""
        self._socket.unsubscribe(tokens)
        await asyncio.sleep(UNSUBSCRIBED_SECONDS)
        self._socket.subscribe(tokens)

    async def reconnect(self, reason: str) -> None:
        await self._socket.reconnect(reason)
