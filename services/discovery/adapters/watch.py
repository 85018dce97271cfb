"""Looks after the books: compares quiet ones by REST, renews a socket without data, gives up one that stays silent."""

from __future__ import annotations

from services.discovery.adapters.books import BookKeeper
from services.discovery.domain.watchlist import Watchlist
from shared.domain.ids import TokenId
from shared.runtime.clock import sleep_domain
from shared.runtime.service import ServiceContext
from shared.venue.errors import VenueUnreachableError
from shared.venue.market_socket import MarketSocket
from shared.venue.metadata import MetadataClient

LOOK_SECONDS = 5.0
QUIET_SECONDS = 10.0
SILENT_SECONDS = 30.0


class FeedDeadError(RuntimeError):
    """No usable book for longer than `cb_stale_exit`; the supervisor starts the feed anew."""


class BookWatch:
    """All seconds are domain seconds."""

    def __init__(
        self, context: ServiceContext, watchlist: Watchlist, books: BookKeeper, metadata: MetadataClient,
        socket: MarketSocket,
    ) -> None:  # fmt: skip
        self._context = context
        self._clock = context.clock
        self._watchlist = watchlist
        self._books = books
        self._metadata = metadata
        self._socket = socket
        self._usable_at = context.clock.now()
        self._age = context.metrics.gauge("book_age_seconds", "Domain age of the freshest usable book")
        self._differing = context.metrics.counter("book_differences_total", "Books that REST told otherwise")
        self._reconnects = context.metrics.counter("book_reconnects_total", "Market sockets renewed for silence")

    async def run(self) -> None:
        """Raises FeedDeadError."""
        self._usable_at = self._clock.now()
        while True:
            await self._look()
            await sleep_domain(self._clock, LOOK_SECONDS)

    async def _look(self) -> None:
        now = self._clock.now()
        tokens = [outcome.token for market in self._watchlist.in_slot(now) for outcome in market.outcomes]
        if not tokens:
            self._usable_at = now
            return
        await self._verify(self._books.quiet_tokens(tokens, now, QUIET_SECONDS))
        age_seconds = self._books.freshest_age_seconds(tokens, self._clock.now())
        if age_seconds is not None and age_seconds <= SILENT_SECONDS:
            self._usable_at = now
        silent_seconds = (now - self._usable_at).total_seconds()
        self._age.set(silent_seconds if age_seconds is None else age_seconds)
        await self._escalate(silent_seconds)

    async def _verify(self, quiet: list[TokenId]) -> None:
        if not quiet:
            return
        try:
            differing = self._books.take_verified(await self._metadata.books(quiet))
        except VenueUnreachableError as error:
            self._context.log.warning("books_unreachable", reason=str(error))
            return
        if differing:
            self._differing.inc(differing)
            self._context.log.warning("books_differed", count=differing)

    async def _escalate(self, silent_seconds: float) -> None:
        if silent_seconds > self._context.settings.cb_stale_exit:
            raise FeedDeadError(f"no usable book for {silent_seconds:.0f} s")
        if silent_seconds > SILENT_SECONDS:
            self._reconnects.inc()
            await self._socket.reconnect(f"no usable book for {silent_seconds:.0f} s")
