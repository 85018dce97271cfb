"""The market channel: from a frame to the tops it changed, in the very step that read it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

from services.discovery.domain.tops import DEPTH, TopBoard
from shared.domain.clock import Clock
from shared.domain.ids import TokenId
from shared.messages.discovery import MarketResolved
from shared.runtime.logs import Log
from shared.runtime.metrics import Metrics
from shared.venue.books import Books
from shared.venue.errors import VenueFrameError
from shared.venue.frames import market as frames
from shared.venue.frames.market import BookSnapshot, MarketEvent, PriceChange, TickSizeChange
from shared.venue.sockets import Connected, Disconnected
from shared.venue.wire import Parsed

Park = Callable[[str, VenueFrameError], None]
SOURCE = "clob.market"


class MarketFeed:
    """Keeps the full books, from one connection or from several that carry the same tokens.

    `wake` is called when there is something to tell; `suspects` are tokens whose book has to be read anew.
    """

    def __init__(
        self, board: TopBoard, clock: Clock, wake: Callable[[], None], park: Park, metrics: Metrics, log: Log
    ) -> None:
        self.suspects: set[TokenId] = set()
        self._books = Books()
        self._board = board
        self._clock = clock
        self._wake = wake
        self._park = park
        self._log = log
        self._read_at_seconds = clock.monotonic_seconds()
        self._heard_at: dict[int, datetime] = {}
        self._carried_at = clock.now()
        self._frames = metrics.counter("market_frames_total", "Frames of the market channel")
        self._connected = metrics.gauge("market_socket_connected", "1 while the market channel is connected")
        self._connections = metrics.gauge("market_connections", "Open connections of the market channel")
        self._losses = metrics.counter("market_socket_losses_total", "Ends of a connection of the market channel")

    def read(self, _text: str) -> None:
        """A frame was read; `consume` gets what is in it, in the same step."""
        self._read_at_seconds = self._clock.monotonic_seconds()

    def consume(self, change: Connected | Disconnected | Parsed[MarketEvent], connection: int = 0) -> None:
        match change:
            case Parsed():
                self._frame(change, connection)
            case Connected():
                self._opened(change, connection)
            case Disconnected():
                self._lost(change, connection)
        if self._board.changed or self._board.resolved:
            self._wake()

    def drop(self, tokens: tuple[TokenId, ...]) -> None:
        self._books.drop(tokens)
        self.suspects.difference_update(tokens)

    def silent(self, longer_than: timedelta) -> list[int]:
        """Open connections that carried nothing for so long before the last frame of another one."""
        return [each for each, heard_at in self._heard_at.items() if self._carried_at - heard_at >= longer_than]

    def agrees(self, snapshot: BookSnapshot, asked_at: datetime) -> bool:
        """Compares with a book read by REST. Where they differ, that book counts from now on; frames that came
        since it was asked for are newer, and then nothing can be said."""
        token = snapshot.token
        self.suspects.discard(token)
        heard_at = self._board.seen_at(token)
        if heard_at is None or heard_at > asked_at or not self._books.is_known(token):
            return True
        held = self._books.best(token, DEPTH)
        self._books.overrule(snapshot, self._clock.now())
        self._board.seen(token, self._clock.now())
        is_same = self._books.best(token, DEPTH) == held
        if not is_same and self._put(token, None):
            self._wake()
        return is_same

    def _frame(self, parsed: Parsed[MarketEvent], connection: int) -> None:
        heard_at_seconds, now = self._read_at_seconds, self._clock.now()
        self._heard_at[connection] = self._carried_at = now
        self._frames.inc()
        for event in parsed.items:
            match event:
                case PriceChange():
                    self._change(event, now, heard_at_seconds, connection)
                case BookSnapshot():
                    self._snapshot(event, now, heard_at_seconds, connection)
                case TickSizeChange():
                    self._tick_size(event)
                case frames.MarketResolved():
                    self._resolved(event)
                case _:
                    pass
        for error in parsed.malformed:
            self._park(SOURCE, error)

    def _change(self, event: PriceChange, now: datetime, heard_at_seconds: float, connection: int) -> None:
        touched = self._books.change(event, now, connection)
        for token in touched:
            self._board.seen(token, now)
            if self._books.is_diverged(token):
                self.suspects.add(token)
        for token in {
            change.token
            for change in event.changes
            if change.token in touched and self._board.is_top_touched(change.token, change.side, change.price)
        }:
            self._put(token, heard_at_seconds)

    def _snapshot(self, event: BookSnapshot, now: datetime, heard_at_seconds: float, connection: int) -> None:
        """An empty snapshot makes the book known and empty, and is no sign of life."""
        if event.token not in self._board or not self._books.replace(event, now, connection):
            return
        if event.bids or event.asks:
            self._board.seen(event.token, now)
        self._put(event.token, heard_at_seconds)
        if event.tick is not None:
            self._board.ticks[event.token] = event.tick

    def _put(self, token: TokenId, heard_at_seconds: float | None) -> bool:
        bids, asks = self._books.best(token, DEPTH)
        return self._board.put(token, bids, asks, heard_at_seconds)

    def _tick_size(self, event: TickSizeChange) -> None:
        if event.token in self._board:
            self.suspects.add(event.token)
            self._board.ticks[event.token] = event.new

    def _resolved(self, event: frames.MarketResolved) -> None:
        """Of markets that we watch; the channel may tell of others."""
        if self._board.market_of(event.winner) == event.market:
            told = MarketResolved(market=event.market, winner=event.winner, resolved_at=event.at)
            self._board.resolved[event.market] = told

    def _opened(self, change: Connected, connection: int) -> None:
        self._heard_at[connection] = self._clock.now()
        self._count_connections()
        self._log.info("market_socket_connected", connection=connection, failed_attempts=change.attempts)

    def _count_connections(self) -> None:
        self._connections.set(len(self._heard_at))
        self._connected.set(bool(self._heard_at))

    def _lost(self, change: Disconnected, connection: int) -> None:
        """Books that another connection carries stay known: there was no gap in them."""
        self._heard_at.pop(connection, None)
        self._count_connections()
        self._losses.inc()
        lost = self._books.forget(connection)
        self._board.lose(lost, self._clock.now())
        self._log.warning(
            "market_socket_lost",
            connection=connection,
            still_open=len(self._heard_at),
            books_lost=len(lost),
            reason=change.reason,
            code=change.code,
        )
