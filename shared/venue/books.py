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

Word = tuple[datetime, int]
"""The venue's instant of what was said, and the connection that carried it."""


def _is_news(word: Word, held: Word) -> bool:
    """Within one instant only what the same connection says next: of two connections nobody knows who was ahead."""
    return word[0] > held[0] or word == held


@dataclass(slots=True)
class _Side:
    """Shares by price, and for each changed price what was said last of it."""

    levels: dict[Decimal, Decimal] = field(default_factory=dict[Decimal, Decimal])
    changed: dict[Decimal, Word] = field(default_factory=dict[Decimal, Word])

    def set(self, change: LevelChange, word: Word, snapshot: Word) -> None:
        price = change.price.value
        if not _is_news(word, self.changed.get(price, snapshot)):
            return
        self.changed[price] = word
        if change.shares:
            self.levels[price] = change.shares.value
        else:
            self.levels.pop(price, None)

    def level(self, price: Decimal) -> Level:
        return Level(Price(price), Shares(self.levels[price]))


@dataclass(slots=True)
class _Book:
    """`said` is of its snapshot, `last` of the newest change with the venue's own best prices after it.

    `carriers` are the connections that gave a snapshot since they opened: each of them alone keeps the book true.
    """

    said: Word
    seen_at: datetime
    bids: _Side
    asks: _Side
    carriers: set[int]
    last: tuple[Word, LevelChange] | None = None

    def side(self, side: Side) -> _Side:
        return self.bids if side is Side.BUY else self.asks

    def best_bid(self) -> Decimal | None:
        return max(self.bids.levels, default=None)

    def best_ask(self) -> Decimal | None:
        return min(self.asks.levels, default=None)


class Books:
    """A token is unknown until its first snapshot since a connection opened; an empty book is known and empty.

    `seen_at` is the caller's domain time of receipt. Late frames never undo later ones: a snapshot older than the one
    held is dropped, so is a change older than the snapshot or than its level's last change, and levels that changed
    after a snapshot outlive it. There are no sequence numbers at the venue (protocol sheet, 3.1). Several connections
    may carry the same tokens: each level is as the first of them said it last (docs/adr/0021).
    """

    def __init__(self) -> None:
        self._books: dict[TokenId, _Book] = {}

    def forget(self, connection: int = 0) -> tuple[TokenId, ...]:
        """The connection was lost. What no other one carries is unknown again: these tokens."""
        for book in self._books.values():
            book.carriers.discard(connection)
        lost = tuple(token for token, book in self._books.items() if not book.carriers)
        self.drop(lost)
        return lost

    def drop(self, tokens: tuple[TokenId, ...]) -> None:
        for token in tokens:
            self._books.pop(token, None)

    def replace(self, snapshot: BookSnapshot, seen_at: datetime, connection: int = 0) -> bool:
        """False when it is older than what is held."""
        word = (snapshot.at, connection)
        held = self._books.get(snapshot.token)
        if held is None:
            self._books[snapshot.token] = _Book(word, seen_at, _side(snapshot.bids), _side(snapshot.asks), {connection})
            return True
        held.carriers.add(connection)
        held.seen_at = max(held.seen_at, seen_at)
        if _is_news(word, held.said):
            held.said, held.last = word, None
            held.bids = _outlived(_side(snapshot.bids), held.bids, word)
            held.asks = _outlived(_side(snapshot.asks), held.asks, word)
        return word[0] >= held.said[0]

    def overrule(self, snapshot: BookSnapshot, seen_at: datetime) -> None:
        """A known book is as REST shows it, whatever its connections said."""
        held = self._books[snapshot.token]
        held.said, held.seen_at, held.last = (snapshot.at, held.said[1]), seen_at, None
        held.bids, held.asks = _side(snapshot.bids), _side(snapshot.asks)

    def change(self, frame: PriceChange, seen_at: datetime, connection: int = 0) -> tuple[TokenId, ...]:
        """The known tokens it touched; a change of an unknown book is worth nothing and is passed over."""
        word = (frame.at, connection)
        touched = {change.token: change for change in frame.changes if self._apply(change, word)}
        for token, change in touched.items():
            book = self._books[token]
            book.seen_at = max(book.seen_at, seen_at)
            if book.last is None or _is_news(word, book.last[0]):
                book.last = word, change
        return tuple(touched)

    def _apply(self, change: LevelChange, word: Word) -> bool:
        book = self._books.get(change.token)
        if book is None or word[0] < book.said[0]:
            return False
        book.side(change.side).set(change, word, book.said)
        return True

    def is_known(self, token: TokenId) -> bool:
        return token in self._books

    def is_diverged(self, token: TokenId) -> bool:
        """Our best prices differ from those the venue put on the last change: a frame was lost, read the book anew."""
        book = self._books.get(token)
        return book is not None and book.last is not None and not _agrees(book, book.last[1])

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


def _outlived(side: _Side, held: _Side, word: Word) -> _Side:
    """The side of a snapshot, with the levels of which something later was said."""
    for price, said in held.changed.items():
        if _is_news(word, said):
            continue
        side.changed[price] = said
        if price in held.levels:
            side.levels[price] = held.levels[price]
        else:
            side.levels.pop(price, None)
    return side


def _agrees(book: _Book, last: LevelChange) -> bool:
    """Absent, 0 and 1 stand for an empty side, of which the venue's spelling is not settled."""
    said = ((last.best_bid, book.best_bid()), (last.best_ask, book.best_ask()))
    return all(theirs is None or not 0 < theirs.value < 1 or theirs.value == ours for theirs, ours in said)
