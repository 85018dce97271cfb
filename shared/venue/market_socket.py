"""The market channel: books, trades, tick sizes, resolutions. Protocol sheet, section 3.1."""

from __future__ import annotations

from collections.abc import Callable, Iterable

import msgspec

from shared.domain.ids import TokenId
from shared.venue.frames.market import MarketEvent, read_market_frame
from shared.venue.sockets import Connected, Dial, Disconnected, Link, Pace, Tap, dial
from shared.venue.wire import Parsed

MAX_TOKENS = 400
"""Above about 500 a connection loses its first books (protocol sheet, 3.1)."""
TOKENS_A_MESSAGE = 100

MarketConsumer = Callable[[Connected | Disconnected | Parsed[MarketEvent]], None]
"""Called in the step that read the frame, so it must be quick: keep the book, note what changed, publish elsewhere.

After `Disconnected` every book is unknown until its next snapshot.
"""


class TooManyTokensError(ValueError):
    """One connection cannot carry as many; open another."""


class MarketSocket:
    """Keeps the wished tokens subscribed across reconnections. `run` is the caller's task."""

    def __init__(
        self, url: str, consumer: MarketConsumer, *, tap: Tap | None = None, pace: Pace | None = None, dial: Dial = dial
    ) -> None:
        self._consumer = consumer
        self._wanted: dict[TokenId, None] = {}
        self._told: set[TokenId] = set()
        self._link = Link(url, self, pace=pace, tap=tap, dial=dial)

    async def run(self) -> None:
        await self._link.run()

    async def close(self) -> None:
        await self._link.close()

    async def reconnect(self, reason: str) -> None:
        """For a watchdog that sees data stop on a socket that still answers pings."""
        await self._link.reconnect(reason)

    def subscribe(self, tokens: Iterable[TokenId]) -> None:
        """Wishes of one step go out together. Raises TooManyTokensError."""
        wanted = {**self._wanted, **dict.fromkeys(tokens)}
        if len(wanted) > MAX_TOKENS:
            raise TooManyTokensError(f"{len(wanted)} tokens on one connection, at most {MAX_TOKENS}")
        self._wanted = wanted
        self._link.wake()

    def unsubscribe(self, tokens: Iterable[TokenId]) -> None:
        for token in tokens:
            self._wanted.pop(token, None)
        self._link.wake()

    def greeting(self) -> Iterable[str]:
        wanted = list(self._wanted)
        self._told = set(wanted)
        yield _text({"type": "market", "assets_ids": wanted[:TOKENS_A_MESSAGE], "custom_feature_enabled": True})
        yield from _operations("subscribe", wanted[TOKENS_A_MESSAGE:])

    def pending(self) -> Iterable[str]:
        added = [token for token in self._wanted if token not in self._told]
        removed = [token for token in self._told if token not in self._wanted]
        self._told = set(self._wanted)
        yield from _operations("subscribe", added)
        yield from _operations("unsubscribe", removed)

    def linked(self, change: Connected | Disconnected) -> None:
        self._consumer(change)

    def received(self, text: str) -> None:
        self._consumer(read_market_frame(text))


def _operations(operation: str, tokens: list[TokenId]) -> Iterable[str]:
    for start in range(0, len(tokens), TOKENS_A_MESSAGE):
        message: dict[str, object] = {"operation": operation, "assets_ids": tokens[start : start + TOKENS_A_MESSAGE]}
        if operation == "subscribe":
            message["custom_feature_enabled"] = True
        yield _text(message)


def _text(message: dict[str, object]) -> str:
    return msgspec.json.encode(message).decode()
