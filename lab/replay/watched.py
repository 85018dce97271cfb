"""One market while it is replayed: what its books show, what the bidder knows of it, when to look at it again."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime
from decimal import Decimal
from enum import IntEnum
from functools import lru_cache

from lab.replay.instants import instant, milliseconds
from lab.replay.levels import TextLevel
from lab.replay.tally import Tally
from services.bidder.domain.market_state import MarketState, Quote
from services.fills.domain.paper import PaperOrder, PaperTop
from services.risk.domain.leaving import Leaving
from services.risk.domain.stop_loss import Exposed
from shared.domain.book import Level, Top
from shared.domain.ids import OrderId, TokenId
from shared.domain.market import Market, Outcome
from shared.domain.money import Price, Shares
from shared.domain.reference import Spot, Strike


@lru_cache(maxsize=4096)
def price_of(text: str) -> Price:
    """Raises MoneyError."""
    return Price.of(text)


class Standing(IntEnum):
    """Where a token's best bid stands; with none, or one out of range, no entry can come whatever else there is."""

    UNKNOWN = 0
    NO_BID = 1
    OUT_OF_RANGE = 2
    IN_RANGE = 3
    CROSSED = 4


@dataclass(slots=True)
class TokenBook:
    """`last_bid` stays when the side goes empty: silence at the end is settled by it."""

    outcome: Outcome
    bid: TextLevel | None = None
    ask: TextLevel | None = None
    standing: Standing = Standing.UNKNOWN
    last_bid: TextLevel | None = None
    _sides: tuple[tuple[Level, ...], tuple[Level, ...]] | None = None

    @property
    def is_known(self) -> bool:
        return self.standing is not Standing.UNKNOWN

    @property
    def is_crossed(self) -> bool:
        return self.standing is Standing.CROSSED

    def show(self, bid: TextLevel | None, ask: TextLevel | None, standing: Standing) -> None:
        self.bid, self.ask, self.standing = bid, ask, standing
        self.last_bid = bid or self.last_bid
        self._sides = None

    @property
    def last_bid_price(self) -> Price | None:
        return None if self.last_bid is None else price_of(self.last_bid.price)

    @property
    def bid_price(self) -> Price | None:
        return None if self.bid is None else price_of(self.bid.price)

    @property
    def ask_price(self) -> Price | None:
        return None if self.ask is None else price_of(self.ask.price)

    def paper_top(self) -> PaperTop:
        """A crossed book fills nothing: one of its sides is wrong, and nobody knows which."""
        shares = None if self.bid is None else Shares.of(self.bid.size)
        return PaperTop(self.bid_price, self.ask_price, self.is_known and not self.is_crossed, shares)

    def top(self, seen_at: datetime) -> Top | None:
        """None while unknown."""
        if not self.is_known:
            return None
        return Top(self.outcome.token, _level(self.bid), _level(self.ask), seen_at)

    def quote(self, seen_at: datetime) -> Quote:
        if self._sides is None:
            self._sides = _levels(self.bid), _levels(self.ask)
        return Quote(self.outcome.token, *self._sides, self.is_known, seen_at)


@dataclass(slots=True)
class Watched:
    """Instants are ms of domain time.

    `looked_fresh`: the last look found no book stale, so that the same book again changes nothing; `complete`: tokens
    whose rungs were all filled then; `due_ms`: when time alone may change an answer; `again_ms`: when a look is due all
    the same; `exposed`: the position as the exits see it; `remembered_ms`: when models last took the books down.
    """

    market: Market
    winner: TokenId | None
    state: MarketState
    books: dict[str, TokenBook]
    tally: Tally
    start_ms: int
    end_ms: int
    seen_ms: int = 0
    due_ms: int = 0
    again_ms: int = 0
    remembered_ms: int = 0
    looked_fresh: bool = False
    complete: frozenset[TokenId] = frozenset()
    busy_since_ms: int | None = None
    strike: Strike | None = None
    spot: Spot | None = None
    papers: dict[OrderId, PaperOrder] = field(default_factory=dict[OrderId, PaperOrder])
    first_fill_at: datetime | None = None
    exposed: Exposed | None = None
    leaving: Leaving = field(default_factory=Leaving)
    is_over: bool = False

    def contains(self, ms: int) -> bool:
        return self.start_ms <= ms < self.end_ms

    @property
    def is_selling(self) -> bool:
        """The bid is at the exit level, or a sale is under way: time matters by the instant."""
        return self.exposed is not None and self.exposed.below_exit_since is not None

    @property
    def is_in_range(self) -> bool:
        return any(book.standing is Standing.IN_RANGE for book in self.books.values())

    def set_tick(self, tick: Decimal) -> None:
        self.market = replace(self.market, tick=tick)
        self.state = self.state.with_market(self.market, self.state.version + 1)

    @property
    def seen_at(self) -> datetime:
        """Both tokens are one book at the venue: a frame of either is a sign of life of both."""
        return instant(self.seen_ms)

    def refresh(self) -> None:
        """Brings the state to the books and prices as they are now."""
        seen_at = self.seen_at
        quotes = {book.outcome.token: book.quote(seen_at) for book in self.books.values() if book.is_known}
        self.state = replace(self.state, quotes=quotes, strike=self.strike, spot=self.spot)


def watch(market: Market, winner: TokenId | None, state: MarketState, tally: Tally) -> Watched:
    books = {str(outcome.token): TokenBook(outcome) for outcome in market.outcomes}
    start_ms, end_ms = milliseconds(market.start), milliseconds(market.end)
    return Watched(market, winner, state, books, tally, start_ms, end_ms, due_ms=start_ms)


def _level(level: TextLevel | None) -> Level | None:
    return None if level is None else Level(price_of(level.price), Shares.of(level.size))


def _levels(level: TextLevel | None) -> tuple[Level, ...]:
    return () if level is None else (Level(price_of(level.price), Shares.of(level.size)),)
