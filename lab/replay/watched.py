"""One market while it is replayed: what its books show, what the bidder knows of it, when to look at it again."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from enum import IntEnum
from functools import lru_cache

from lab.replay.levels import TextLevel
from lab.replay.tally import Tally
from services.bidder.domain.market_state import MarketState, Quote
from services.fills.domain.paper import PaperOrder, PaperTop
from shared.domain.book import Level
from shared.domain.ids import OrderId, TokenId
from shared.domain.market import Market, Outcome
from shared.domain.money import Price, Shares
from shared.domain.reference import Spot, Strike

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
FOREVER_MS = 1 << 62


def instant(ms: int) -> datetime:
    return EPOCH + timedelta(milliseconds=ms)


def milliseconds(at: datetime) -> int:
    return (at - EPOCH) // timedelta(milliseconds=1)


@lru_cache(maxsize=4096)
def price_of(text: str) -> Price:
    """Raises MoneyError."""
    return Price.of(text)


class Standing(IntEnum):
    """Where a token's best bid stands; from the first three no entry can come, whatever the rest of the book says."""

    UNKNOWN = 0
    NO_BID = 1
    OUT_OF_RANGE = 2
    IN_RANGE = 3


@dataclass(slots=True)
class TokenBook:
    """`last_bid` stays when the side goes empty: silence at the end is settled by it."""

    outcome: Outcome
    bid: TextLevel | None = None
    ask: TextLevel | None = None
    standing: Standing = Standing.UNKNOWN
    last_bid: str | None = None

    @property
    def is_known(self) -> bool:
        return self.standing is not Standing.UNKNOWN

    def top(self) -> PaperTop:
        bid = None if self.bid is None else price_of(self.bid.price)
        ask = None if self.ask is None else price_of(self.ask.price)
        return PaperTop(bid, ask, self.is_known)

    def quote(self, seen_at: datetime) -> Quote:
        return Quote(self.outcome.token, _levels(self.bid), _levels(self.ask), self.is_known, seen_at)


@dataclass(slots=True)
class Watched:
    """Instants are ms of domain time. `looked_fresh`: the last look found no book stale, so that the same book again
    changes nothing; `due_ms`: when time alone may change an answer."""

    market: Market
    winner: TokenId | None
    state: MarketState
    books: dict[str, TokenBook]
    tally: Tally
    start_ms: int
    end_ms: int
    seen_ms: int = 0
    due_ms: int = 0
    looked_fresh: bool = False
    busy_since_ms: int | None = None
    strike: Strike | None = None
    spot: Spot | None = None
    papers: dict[OrderId, PaperOrder] = field(default_factory=dict[OrderId, PaperOrder])
    first_fill_at: datetime | None = None

    def contains(self, ms: int) -> bool:
        return self.start_ms <= ms < self.end_ms

    @property
    def is_in_range(self) -> bool:
        return any(book.standing is Standing.IN_RANGE for book in self.books.values())

    def refreshed(self) -> MarketState:
        """The state with the books and prices as they are now. Both tokens are one book at the venue: a frame of
        either is a sign of life of both."""
        seen_at = instant(self.seen_ms)
        quotes = {
            book.outcome.token: book.quote(seen_at) for book in self.books.values() if self.seen_ms or book.is_known
        }
        return replace(self.state, quotes=quotes, strike=self.strike, spot=self.spot)


def watch(market: Market, winner: TokenId | None, state: MarketState, tally: Tally) -> Watched:
    books = {str(outcome.token): TokenBook(outcome) for outcome in market.outcomes}
    start_ms, end_ms = milliseconds(market.start), milliseconds(market.end)
    return Watched(market, winner, state, books, tally, start_ms, end_ms, due_ms=start_ms)


def soonest(instants_ms: Iterable[int], after_ms: int) -> int:
    return min((each for each in instants_ms if each > after_ms), default=FOREVER_MS)


def _levels(level: TextLevel | None) -> tuple[Level, ...]:
    return () if level is None else (Level(price_of(level.price), Shares.of(level.size)),)
