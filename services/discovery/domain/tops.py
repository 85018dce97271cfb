"""What was last said of each token's book, and what has to be said now."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

from shared.domain.book import Level
from shared.domain.ids import MarketId, TokenId
from shared.domain.money import Price
from shared.domain.order import Side
from shared.messages.discovery import BookLevel, MarketResolved, TopChanged

DEPTH = 2
"""Bids that are told: the first may be ours alone."""


@dataclass(slots=True)
class _Token:
    """`since` is when it became unknown; `told_seen_at` what the last message said."""

    market: MarketId
    since: datetime
    seen_at: datetime
    told_seen_at: datetime
    bids: tuple[Level, ...] = ()
    asks: tuple[Level, ...] = ()
    known: bool = False
    sequence: int = 0


class TopBoard:
    """Domain times. `changed` names the tokens of which something is to be told, oldest change first, each with the
    monotonic second at which it was heard, where that is to be measured. `ticks` are tick sizes as the channel says,
    `resolved` what it says of results and is to be told."""

    def __init__(self) -> None:
        self._tokens: dict[TokenId, _Token] = {}
        self.changed: dict[TokenId, float | None] = {}
        self.ticks: dict[TokenId, Decimal] = {}
        self.resolved: dict[MarketId, MarketResolved] = {}

    def __contains__(self, token: TokenId) -> bool:
        return token in self._tokens

    def is_watched(self, token: TokenId) -> bool:
        return token in self

    def tick_of(self, token: TokenId) -> Decimal | None:
        """As the channel says; None while it has said nothing."""
        return self.ticks.get(token)

    def market_of(self, token: TokenId) -> MarketId | None:
        told = self._tokens.get(token)
        return None if told is None else told.market

    def watch(self, market: MarketId, tokens: Iterable[TokenId], now: datetime) -> None:
        for token in tokens:
            self._tokens.setdefault(token, _Token(market, now, now, now))

    def forget(self, tokens: Iterable[TokenId]) -> None:
        for token in tokens:
            self._tokens.pop(token, None)
            self.changed.pop(token, None)
            self.ticks.pop(token, None)

    def is_top_touched(self, token: TokenId, side: Side, price: Price) -> bool:
        """Whether a change at this price can alter what was told; most changes lie beneath it."""
        told = self._tokens.get(token)
        if told is None:
            return False
        if side is Side.BUY:
            return len(told.bids) < DEPTH or price >= told.bids[-1].price
        return not told.asks or price <= told.asks[0].price

    def put(
        self, token: TokenId, bids: tuple[Level, ...], asks: tuple[Level, ...], heard_at_seconds: float | None = None
    ) -> bool:
        """The book as it is known now; whether there is anything new to tell."""
        told = self._tokens.get(token)
        if told is None or (told.known and told.bids == bids and told.asks == asks):
            return False
        told.known, told.bids, told.asks = True, bids, asks
        self.changed.setdefault(token, heard_at_seconds)
        return True

    def seen(self, token: TokenId, now: datetime) -> None:
        told = self._tokens.get(token)
        if told is not None:
            told.seen_at = max(told.seen_at, now)

    def seen_at(self, token: TokenId) -> datetime | None:
        told = self._tokens.get(token)
        return None if told is None else told.seen_at

    def lose(self, tokens: Iterable[TokenId], now: datetime) -> None:
        """Unknown until the next snapshot."""
        for token in tokens:
            told = self._tokens.get(token)
            if told is not None and told.known:
                told.known, told.since = False, now
                self.changed.setdefault(token, None)

    def refresh(self, older_than: timedelta) -> bool:
        """Marks what would look stale to a reader, though we saw it meanwhile."""
        before = len(self.changed)
        for token, told in self._tokens.items():
            if told.known and told.seen_at - told.told_seen_at >= older_than:
                self.changed.setdefault(token, None)
        return len(self.changed) > before

    def quiet(self, now: datetime, longer_than: timedelta) -> list[TokenId]:
        """Known, and without a sign of life for so long."""
        return [token for token, told in self._tokens.items() if told.known and now - told.seen_at >= longer_than]

    def missing(self, now: datetime, longer_than: timedelta) -> list[TokenId]:
        """Watched without a book for so long."""
        return [token for token, told in self._tokens.items() if not told.known and now - told.since >= longer_than]

    def freshest(self, tokens: Iterable[TokenId]) -> datetime | None:
        """When the latest of those with a bid or an ask was seen; None without one."""
        told = (self._tokens.get(token) for token in tokens)
        return max((each.seen_at for each in told if each and each.known and (each.bids or each.asks)), default=None)

    def tell(self, token: TokenId) -> TopChanged | None:
        """The message about a token; None once it is forgotten."""
        told = self._tokens.get(token)
        if told is None:
            return None
        told.sequence += 1
        told.told_seen_at = told.seen_at
        return TopChanged(
            market=told.market,
            token=token,
            bids=tuple([BookLevel(price=level.price, shares=level.shares) for level in told.bids]),
            asks=tuple([BookLevel(price=level.price, shares=level.shares) for level in told.asks]),
            known=told.known,
            seen_at=told.seen_at,
            sequence=told.sequence,
        )
