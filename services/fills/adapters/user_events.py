"""The user socket's frames, in order, handed to the handlers; every gap asks for a sweep."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

import structlog

from services.fills.adapters.ledger import PostgresLedger
from services.fills.adapters.meter import USER_FRAMES, PrometheusMeter
from services.fills.adapters.venue_record import fill_seen, order_seen
from services.fills.domain.sightings import FillSeen, OrderSeen
from services.fills.ports import LedgerUnavailableError
from shared.domain.clock import Clock
from shared.venue.frames.market import Ignored
from shared.venue.frames.user import OrderEvent, TradeEvent, UserEvent
from shared.venue.mailbox import Mailbox, Overflowed
from shared.venue.sockets import Connected, Disconnected
from shared.venue.wire import Parsed

Heard = Connected | Disconnected | Parsed[UserEvent]
log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Listeners:
    fill: Callable[[FillSeen, float], Awaitable[str]]
    """With the monotonic second at which its frame was read."""
    order: Callable[[OrderSeen], Awaitable[None]]
    want_sweep: Callable[[str], None]


class UserEvents:
    def __init__(self, ledger: PostgresLedger, listeners: Listeners, clock: Clock, meter: PrometheusMeter) -> None:
        self._ledger = ledger
        self._listeners = listeners
        self._clock = clock
        self._meter = meter
        self._mailbox: Mailbox[tuple[Heard, float]] = Mailbox()
        self.is_connected = False

    def hear(self, heard: Heard) -> None:
        """Called in the step that read the frame."""
        self._mailbox.put((heard, self._clock.monotonic_seconds()))

    async def run(self) -> None:
        """What cannot be booked now is found by the sweep that it asks for."""
        async for kept in self._mailbox:
            try:
                if isinstance(kept, Overflowed):
                    self._overflowed(kept)
                else:
                    await self._take(*kept)
            except LedgerUnavailableError as error:
                log.warning("user_event_not_taken", error=str(error))
                self._listeners.want_sweep("not_taken")

    def _overflowed(self, overflow: Overflowed) -> None:
        log.error("user_events_dropped", dropped=overflow.dropped)
        self._listeners.want_sweep("overflow")

    async def _take(self, heard: Heard, heard_at_seconds: float) -> None:
        match heard:
            case Connected() | Disconnected():
                self._link(is_connected=isinstance(heard, Connected))
                log.info("user_socket", change=repr(heard))
            case Parsed(items, malformed):
                for error in malformed:
                    self._meter.frame_refused()
                    await self._ledger.keep_frame(USER_FRAMES, f"{error.field}: {error.problem}", error.excerpt)
                    self._listeners.want_sweep("malformed")
                for event in items:
                    await self._event(event, heard_at_seconds)

    def _link(self, *, is_connected: bool) -> None:
        self.is_connected = is_connected
        self._meter.connected(is_connected=is_connected)
        if is_connected:
            self._listeners.want_sweep("connected")

    async def _event(self, event: UserEvent, heard_at_seconds: float) -> None:
        match event:
            case OrderEvent():
                await self._listeners.order(order_seen(event))
            case TradeEvent(fills=fills):
                for fill in fills:
                    await self._listeners.fill(fill_seen(fill, "user"), heard_at_seconds)
                if not fills:
                    self._listeners.want_sweep("trade_without_makers")
            case Ignored():
                pass
