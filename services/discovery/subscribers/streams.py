"""The market sockets with the books made of them: a token joins and leaves all together."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from itertools import cycle

from services.discovery.subscribers.market import MarketFeed
from shared.domain.ids import TokenId
from shared.venue.market_socket import MarketSocket

UNSUBSCRIBED_SECONDS = 0.05
"""Wall: between leaving and joining again, so that both are really said."""


class MarketStreams:
    """Several sockets carry the same tokens; what interrupts them is done to one after the other.

    `forgotten` is told of tokens that nobody watches any more.
    """

    def __init__(
        self, sockets: Sequence[MarketSocket], feed: MarketFeed, forgotten: Callable[[tuple[TokenId, ...]], None]
    ) -> None:
        self._sockets = sockets
        self._turns = cycle(range(len(sockets)))
        self._feed = feed
        self._forgotten = forgotten

    async def run(self) -> None:
        async with asyncio.TaskGroup() as tasks:
            for socket in self._sockets:
                tasks.create_task(socket.run())

    def subscribe(self, tokens: Sequence[TokenId]) -> None:
        for socket in self._sockets:
            socket.subscribe(tokens)

    def unsubscribe(self, tokens: Sequence[TokenId]) -> None:
        gone = tuple(tokens)
        for socket in self._sockets:
            socket.unsubscribe(gone)
        self._feed.drop(gone)
        self._forgotten(gone)

    async def resubscribe(self, tokens: Sequence[TokenId]) -> None:
        """Asks for a new snapshot; the books stay as they are until it comes."""
        for socket in self._sockets:
            socket.unsubscribe(tokens)
            await asyncio.sleep(UNSUBSCRIBED_SECONDS)
            socket.subscribe(tokens)

    async def reconnect(self, reason: str) -> None:
        """One connection; with the next call the next one."""
        await self.give_up(next(self._turns), reason)

    async def give_up(self, connection: int, reason: str) -> None:
        await self._sockets[connection].reconnect(reason)
