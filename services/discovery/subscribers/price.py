"""The price stream: spot for the readers, the 60 s average for the strikes too."""

from __future__ import annotations

from collections.abc import Callable

from services.discovery.domain.prices import PriceBoard
from services.discovery.domain.strikes import Average
from services.discovery.handlers import Discovery
from services.discovery.subscribers.market import Park
from shared.runtime.logs import Log
from shared.runtime.metrics import Metrics
from shared.venue.frames.price import PriceEvent, PriceKind, PriceRefusal, PriceTick
from shared.venue.sockets import Connected, Disconnected
from shared.venue.wire import Parsed

SOURCE = "price"


class PriceFeed:
    """`wake` is called when there is a price to tell, `averaged` when a strike may have become known."""

    def __init__(
        self,
        board: PriceBoard,
        discovery: Discovery,
        *,
        wake: Callable[[], None],
        averaged: Callable[[], None],
        park: Park,
        metrics: Metrics,
        log: Log,
    ) -> None:
        self._board = board
        self._discovery = discovery
        self._wake = wake
        self._averaged = averaged
        self._park = park
        self._log = log
        self._last: dict[PriceKind, int] = {}
        self._ticks = metrics.counter("price_ticks_total", "Ticks of the price stream", ("channel",))
        self._dropped = metrics.counter("price_ticks_dropped_total", "Ticks that the price stream said it left out")
        self._missed = metrics.counter("price_frames_missed_total", "Numbers of the price stream that never came")
        self._refusals = metrics.counter("price_refusals_total", "Requests that the price stream refused")
        self._connected = metrics.gauge("price_socket_connected", "1 while the price stream is connected")

    def consume(self, change: Connected | Disconnected | Parsed[PriceEvent]) -> None:
        match change:
            case Parsed():
                self._frame(change)
            case Connected():
                self._connected.set(1)
                self._last.clear()
                self._log.info("price_socket_connected", failed_attempts=change.attempts)
            case Disconnected():
                self._connected.set(0)
                self._log.warning("price_socket_lost", reason=change.reason, code=change.code)

    def _frame(self, parsed: Parsed[PriceEvent]) -> None:
        for event in parsed.items:
            match event:
                case PriceTick():
                    self._tick(event)
                case PriceRefusal():
                    self._refusals.inc()
                    self._log.error("price_request_refused", channel=event.channel, code=event.code)
                case _:
                    pass
        for error in parsed.malformed:
            self._park(SOURCE, error)
        if self._board.changed:
            self._wake()

    def _tick(self, tick: PriceTick) -> None:
        self._ticks.labels(tick.kind.value).inc()
        self._dropped.inc(tick.dropped)
        self._missed.inc(self._gap(tick))
        if tick.kind is PriceKind.SPOT:
            self._board.spot(tick.coin, tick.value, tick.at, tick.source)
            return
        self._board.average(tick.coin, tick.value, tick.at, tick.source)
        self._discovery.on_average(tick.coin, Average(tick.value, tick.at, tick.source))
        self._averaged()

    def _gap(self, tick: PriceTick) -> int:
        """Frames of its channel between the last one and this one; numbers count per connection."""
        last = self._last.get(tick.kind, tick.seq)
        self._last[tick.kind] = max(last, tick.seq)
        return max(0, tick.seq - last - 1)
