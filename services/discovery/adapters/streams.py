"""The market socket's subscriptions."""

from __future__ import annotations

from collections.abc import Sequence

from services.discovery.adapters.books import BookKeeper
from shared.domain.ids import TokenId
from shared.venue.market_socket import MarketSocket


class VenueStreams:
    """Remembers what is wanted until the socket, which needs the books, exists."""

    def __init__(self) -> None:
        self._socket: MarketSocket | None = None
        self._books: BookKeeper | None = None
        self._early: list[TokenId] = []

    def attach(self, socket: MarketSocket, books: BookKeeper) -> None:
        self._socket, self._books = socket, books
        socket.subscribe(self._early)

    def watch_tokens(self, tokens: Sequence[TokenId]) -> None:
        if self._socket is None:
            self._early.extend(tokens)
        elif tokens:
            self._socket.subscribe(tokens)

    def forget_tokens(self, tokens: Sequence[TokenId]) -> None:
        if self._socket is not None and self._books is not None and tokens:
            self._socket.unsubscribe(tokens)
            self._books.forget(tokens)
