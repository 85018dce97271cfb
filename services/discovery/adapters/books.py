"""The market socket's frames turned into tops. Hot path: a frame is read, applied and its top handed on in one step."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime

from services.discovery.adapters.levels import LevelPublisher
from services.discovery.domain.top import UNKNOWN, PublishedTop, top_of
from services.discovery.domain.watchlist import Watchlist
from shared.domain.book import Level
from shared.domain.clock import Clock
from shared.domain.ids import TokenId
from shared.messages.discovery import BookLevel, TopChanged
from shared.venue.books import Books
from shared.venue.errors import VenueFrameError
from shared.venue.frames.market import BookSnapshot, MarketEvent, PriceChange, TickSizeChange
from shared.venue.sockets import Connected, Disconnected
from shared.venue.wire import Parsed


class BookKeeper:
    """`malformed` takes what could not be read; `look_again` is called when the venue says a market changed."""

    def __init__(
        self, clock: Clock, watchlist: Watchlist, publisher: LevelPublisher,
        malformed: Callable[[VenueFrameError], None], look_again: Callable[[], None],
    ) -> None:  # fmt: skip
        self._clock = clock
        self._watchlist = watchlist
        self._publisher = publisher
        self._malformed = malformed
        self._look_again = look_again
        self._books = Books()
        self._published: dict[TokenId, PublishedTop] = {}
        self._sequence = 0
        self.is_connected = False

    def take(self, event: Connected | Disconnected | Parsed[MarketEvent]) -> None:
        if isinstance(event, Parsed):
            for item in event.items:
                self._take_item(item)
            for error in event.malformed:
                self._malformed(error)
        else:
            self._lose_books()
            self.is_connected = isinstance(event, Connected)

    def take_verified(self, snapshots: Iterable[BookSnapshot]) -> int:
        """Books read by REST: each refreshes its age; returns how many told another top than the socket had."""
        now, differing = self._clock.now(), 0
        for snapshot in snapshots:
            before = self._published.get(snapshot.token)
            if self._books.replace(snapshot, now):
                differing += before is not None and before != self._top(snapshot.token)
            self._publish(snapshot.token, always=True)
        return differing

    def quiet_tokens(self, tokens: Sequence[TokenId], now: datetime, quiet_seconds: float) -> list[TokenId]:
        """Tokens without a frame for so many domain seconds, or without a book at all."""
        return [token for token in tokens if self._age_seconds(token, now) > quiet_seconds]

    def forget(self, tokens: Iterable[TokenId]) -> None:
        dropped = tuple(tokens)
        self._books.drop(dropped)
        for token in dropped:
            self._publish(token)
            self._published.pop(token, None)

    def freshest_age_seconds(self, tokens: Iterable[TokenId], now: datetime) -> float | None:
        """Of the books with a bid or an ask; None without one."""
        ages = [
            top.age_seconds(now)
            for token in tokens
            if (top := self._books.top(token)) is not None and not top.is_empty()
        ]
        return min(ages, default=None)

    def _take_item(self, item: MarketEvent) -> None:
        if isinstance(item, BookSnapshot):
            self._books.replace(item, self._clock.now())
            self._publish(item.token)
        elif isinstance(item, PriceChange):
            for token in self._books.change(item, self._clock.now()):
                self._publish(token)
        elif isinstance(item, TickSizeChange):
            self._look_again()

    def _publish(self, token: TokenId, *, always: bool = False) -> None:
        market = self._watchlist.market_of(token)
        top = self._top(token)
        if market is None or (not always and self._published.get(token) == top):
            return
        self._published[token] = top
        self._sequence += 1
        known = self._books.top(token)
        self._publisher.top(
            TopChanged(
                market=market.market,
                token=token,
                bids=_levels(top.bids),
                asks=_levels(top.asks),
                known=top.known,
                seen_at=self._clock.now() if known is None else known.seen_at,
                sequence=self._sequence,
            )
        )

    def _top(self, token: TokenId) -> PublishedTop:
        if not self._books.is_known(token):
            return UNKNOWN
        return top_of(self._books.bids(token), self._books.asks(token))

    def _lose_books(self) -> None:
        self._books.forget()
        for token in list(self._published):
            self._publish(token)

    def _age_seconds(self, token: TokenId, now: datetime) -> float:
        top = self._books.top(token)
        return float("inf") if top is None else top.age_seconds(now)


def _levels(levels: tuple[Level, ...]) -> tuple[BookLevel, ...]:
    return tuple(BookLevel(price=level.price, shares=level.shares) for level in levels)
