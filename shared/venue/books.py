"""Full books per token, kept from snapshots and changes."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal

from shared.domain.book import Level, Top
from shared.domain.ids import TokenId
from shared.domain.money import Price, Shares
from shared.domain.order import Side
from shared.venue.frames.market import BookSnapshot, LevelChange, PriceChange


@dataclass(slots=True)
class _Side:
    """Shares by price, and for each changed price the venue's instant of its last change."""

    levels: dict[Decimal, Decimal] = field(default_factory=dict[Decimal, Decimal])
    changed_at: dict[Decimal, datetime] = field(default_factory=dict[Decimal, datetime])

    def set(self, change: LevelChange, at: datetime) -> None:
        price = change.price.value
        if at < self.changed_at.get(price, at):
            return
        self.changed_at[price] = at
        if change.shares:
            self.levels[price] = change.shares.value
        else:
            self.levels.pop(price, None)

    def level(self, price: Decimal) -> Level:
        return Level(Price(price), Shares(self.levels[price]))


@dataclass(slots=True)
class _Book:
    at: datetime
    seen_at: datetime
    bids: _Side
    asks: _Side
    is_diverged: bool = False

    def side(self, side: Side) -> _Side:
        return self.bids if side is Side.BUY else self.asks

    def best_bid(self) -> Decimal | None:
        return max(self.bids.levels, default=None)

    def best_ask(self) -> Decimal | None:
        return min(self.asks.levels, default=None)


class Books:
    """A token is unknown until its first snapshot since the connection opened; an empty book is known and empty.

    `seen_at` is the caller's domain time of receipt. Late frames never undo later ones: a snapshot older than the one
    held is dropped, so is a change older than the snapshot or than its level's last change. There are no sequence
    numbers at the venue (protocol sheet, 3.1).
    """

    def __init__(self) -> None:
        self._books: dict[TokenId, _Book] = {}

    def forget(self) -> None:
        """Everything is unknown again: the connection was lost."""
        self._books.clear()

    def drop(self, tokens: tuple[TokenId, ...]) -> None:
        for token in tokens:
            self._books.pop(token, None)

    def replace(self, snapshot: BookSnapshot, seen_at: datetime) -> bool:
        """From the socket or from REST. False when it is older than what is held."""
        held = self._books.get(snapshot.token)
        if held is not None and snapshot.at < held.at:
            held.seen_at = max(held.seen_at, seen_at)
            return False
        self._books[snapshot.token] = _Book(snapshot.at, seen_at, _side(snapshot.bids), _side(snapshot.asks))
        return True

    def change(self, frame: PriceChange, seen_at: datetime) -> tuple[TokenId, ...]:
        """The known tokens it touched; a change of an unknown book is worth nothing and is passed over."""
        touched = {change.token: change for change in frame.changes if self._apply(change, frame.at)}
        for token, last in touched.items():
            book = self._books[token]
            book.seen_at = max(book.seen_at, seen_at)
            book.is_diverged = not _agrees(book, last)
        return tuple(touched)

    def _apply(self, change: LevelChange, at: datetime) -> bool:
        book = self._books.get(change.token)
        if book is None or at < book.at:
            return False
        book.side(change.side).set(change, at)
        return True

    def is_known(self, token: TokenId) -> bool:
        return token in self._books

    def is_diverged(self, token: TokenId) -> bool:
        """Our best prices differ from those the venue put on the last change: a frame was lost, read the book anew."""
        book = self._books.get(token)
        return book is not None and book.is_diverged

    def top(self, token: TokenId) -> Top | None:
        """None while unknown. It may be crossed: the reader asks `is_crossed`."""
        book = self._books.get(token)
        if book is None:
            return None
        bid, ask = book.best_bid(), book.best_ask()
        return Top(
            token=token,
            bid=None if bid is None else book.bids.level(bid),
            ask=None if ask is None else book.asks.level(ask),
            seen_at=book.seen_at,
        )

    def best(self, token: TokenId, bids: int) -> tuple[tuple[Level, ...], tuple[Level, ...]]:
        """So many of the best bids, best first, and the best ask; nothing while unknown.

        Levels come ordered and stay nearly so: sorting them again is one pass, a heap would be many.
        """
        book = self._books.get(token)
        if book is None:
            return (), ()
        prices = sorted(book.bids.levels)[: -bids - 1 : -1]
        ask = book.best_ask()
        return tuple([book.bids.level(price) for price in prices]), () if ask is None else (book.asks.level(ask),)

    def bids(self, token: TokenId) -> list[Level]:
        """Best first; empty while unknown."""
        book = self._books.get(token)
        return [] if book is None else [book.bids.level(price) for price in sorted(book.bids.levels, reverse=True)]

    def asks(self, token: TokenId) -> list[Level]:
        """Best first; empty while unknown."""
        book = self._books.get(token)
        return [] if book is None else [book.asks.level(price) for price in sorted(book.asks.levels)]


def _side(levels: tuple[Level, ...]) -> _Side:
    return _Side({level.price.value: level.shares.value for level in levels if level.shares})


def _agrees(book: _Book, last: LevelChange) -> bool:
    """Absent, 0 and 1 stand for an empty side, of which the venue's spelling is not settled."""
    said = ((last.best_bid, book.best_bid()), (last.best_ask, book.best_ask()))
    return all(theirs is None or not 0 < theirs.value < 1 or theirs.value == ours for theirs, ours in said)
