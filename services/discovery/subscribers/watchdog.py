"""A socket that answers pings may have stopped carrying data (protocol sheet, section 3.3).

Quiet books are compared with REST, missing ones asked for again; when that does not help, a connection is made anew.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime, timedelta

from services.discovery.domain.tops import TopBoard
from services.discovery.handlers import Discovery
from services.discovery.subscribers.market import MarketFeed
from services.discovery.subscribers.streams import MarketStreams
from shared.domain.ids import TokenId
from shared.runtime.clock import PacedClock
from shared.runtime.logs import Log
from shared.runtime.metrics import Metrics
from shared.venue.errors import VenueFrameError, VenueUnreachableError
from shared.venue.frames.market import BookSnapshot

COMPARE_SECONDS = 5.0
QUIET = timedelta(seconds=10)
REFRESH = timedelta(seconds=5)
MISSING = timedelta(seconds=30)
LONG_MISSING = timedelta(seconds=60)
SILENT = timedelta(seconds=30)
PAUSE_MIN_SECONDS = 0.25
"""Wall: however fast domain time runs, REST is asked four times a second at most."""
COMPARED_MAX = 100

ReadBooks = Callable[[Sequence[TokenId]], Awaitable[Sequence[BookSnapshot]]]


class FeedDeadError(RuntimeError):
    """No usable book for longer than `cb_stale_exit`: the process is started anew."""


class Watchdog:
    """All spans are domain time."""

    def __init__(
        self,
        board: TopBoard,
        feed: MarketFeed,
        streams: MarketStreams,
        discovery: Discovery,
        read_books: ReadBooks,
        *,
        clock: PacedClock,
        dead_after: timedelta,
        wake: Callable[[], None],
        metrics: Metrics,
        log: Log,
    ) -> None:
        self._board = board
        self._feed = feed
        self._streams = streams
        self._discovery = discovery
        self._read_books = read_books
        self._clock = clock
        self._dead_after = dead_after
        self._wake = wake
        self._log = log
        self._compared = metrics.counter("book_comparisons_total", "Books compared with REST", ("result",))
        self._acted = metrics.counter("market_socket_repairs_total", "What was done about silent books", ("act",))
        self._age = metrics.gauge("book_age_seconds", "Age of the freshest usable book, domain seconds")
        self._resubscribed_at = self._reconnected_at = self._usable_at = clock.now()

    async def run(self) -> None:
        """For ever, once domain time runs. Raises FeedDeadError."""
        self._resubscribed_at = self._reconnected_at = self._usable_at = self._clock.now()
        while True:
            await asyncio.sleep(max(PAUSE_MIN_SECONDS, COMPARE_SECONDS / self._clock.speed))
            await self.give_up_silent()
            try:
                await self.compare()
            except (VenueUnreachableError, VenueFrameError) as error:
                self._log.warning("books_not_compared", reason=str(error))
            await self.ask_for_missing()
            self.check_alive()

    async def tell_sightings(self) -> None:
        """For ever: a quiet book is not a stale one, so its readers are told when it was last seen."""
        while True:
            await asyncio.sleep(max(PAUSE_MIN_SECONDS, REFRESH.total_seconds() / 2 / self._clock.speed))
            if self._board.refresh(REFRESH):
                self._wake()

    async def give_up_silent(self) -> None:
        """Of two connections that carry the same, one that answers pings and says nothing while the other one does."""
        for connection in self._feed.silent(SILENT):
            self._acted.labels("give_up").inc()
            self._log.warning("market_socket_silent", connection=connection)
            await self._streams.give_up(connection, "the other connection goes on")

    async def compare(self) -> None:
        """Raises VenueUnreachableError, VenueFrameError."""
        asked_at = self._clock.now()
        in_play = self._discovery.tokens_in_play(asked_at)
        quiet = dict.fromkeys([*self._feed.suspects, *self._board.quiet(asked_at, QUIET)])
        tokens = [token for token in quiet if token in in_play][:COMPARED_MAX]
        if not tokens:
            return
        books = await self._read_books(tokens)
        different = [book.token for book in books if not self._feed.agrees(book, asked_at)]
        self._compared.labels("same").inc(len(books) - len(different))
        self._compared.labels("different").inc(len(different))
        if different:
            await self._resubscribe(different, "differs from REST")

    async def ask_for_missing(self) -> None:
        now = self._clock.now()
        in_play = self._discovery.tokens_in_play(now)
        missing = [token for token in self._board.missing(now, MISSING) if token in in_play]
        long_missing = in_play.intersection(self._board.missing(now, LONG_MISSING))
        if long_missing and self._is_due(self._reconnected_at, now, LONG_MISSING):
            self._reconnected_at = now
            self._acted.labels("reconnect").inc()
            self._log.warning("market_books_missing", tokens=len(long_missing))
            await self._streams.reconnect("books are missing")
        elif missing and self._is_due(self._resubscribed_at, now, MISSING):
            self._resubscribed_at = now
            await self._resubscribe(missing, "no book")

    def check_alive(self) -> None:
        """Raises FeedDeadError. Without a market in its slot there is nothing to be dead."""
        now = self._clock.now()
        tokens = self._discovery.tokens_in_slot(now)
        seen_at = self._board.freshest(tokens)
        self._usable_at = now if not tokens else max(self._usable_at, seen_at or self._usable_at)
        age = now - self._usable_at
        self._age.set(age.total_seconds())
        if age > self._dead_after:
            raise FeedDeadError(f"no usable book for {age.total_seconds():.0f} s")

    async def _resubscribe(self, tokens: list[TokenId], reason: str) -> None:
        self._acted.labels("resubscribe").inc()
        self._log.warning("books_asked_again", tokens=len(tokens), reason=reason)
        await self._streams.resubscribe(tokens)

    def _is_due(self, last: datetime, now: datetime, pause: timedelta) -> bool:
        return now - last >= pause
