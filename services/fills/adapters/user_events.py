"""The user socket's frames, in order, handed to the handlers; every gap asks for a sweep."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

import structlog

from services.fills.adapters.ledger import PostgresLedger
from services.fills.adapters.meter import PrometheusMeter
from services.fills.adapters.venue_record import fill_seen, order_seen
from services.fills.domain.sightings import FillSeen, OrderSeen
from services.fills.ports import LedgerUnavailableError
from shared.venue.frames.market import Ignored
from shared.venue.frames.user import OrderEvent, TradeEvent, UserEvent
from shared.venue.mailbox import Mailbox, Overflowed
from shared.venue.sockets import Connected, Disconnected
from shared.venue.wire import Parsed

Heard = Connected | Disconnected | Parsed[UserEvent]
log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Listeners:
    fill: Callable[[FillSeen], Awaitable[str]]
    order: Callable[[OrderSeen], Awaitable[None]]
    want_sweep: Callable[[str], None]


class UserEvents:
    def __init__(self, ledger: PostgresLedger, listeners: Listeners, meter: PrometheusMeter) -> None:
        self._ledger = ledger
        self._listeners = listeners
        self._meter = meter
        self._mailbox: Mailbox[Heard] = Mailbox()
        self.is_connected = False

    def hear(self, heard: Heard) -> None:
        """Called in the step that read the frame."""
        self._mailbox.put(heard)

    async def run(self) -> None:
        """What cannot be booked now is found by the sweep that it asks for."""
        async for heard in self._mailbox:
            try:
                await self._take(heard)
            except LedgerUnavailableError as error:
                log.warning("user_event_not_taken", error=str(error))
                self._listeners.want_sweep("not_taken")

    async def _take(self, heard: Heard | Overflowed) -> None:
        match heard:
            case Connected() | Disconnected():
                self._link(is_connected=isinstance(heard, Connected))
                log.info("user_socket", change=repr(heard))
            case Overflowed(dropped):
                log.error("user_events_dropped", dropped=dropped)
                self._listeners.want_sweep("overflow")
            case Parsed(items, malformed):
                for error in malformed:
                    self._meter.malformed_frame()
                    await self._ledger.keep_frame("clob.user", f"{error.field}: {error.problem}", error.excerpt)
                    self._listeners.want_sweep("malformed")
                for event in items:
                    await self._event(event)

    def _link(self, *, is_connected: bool) -> None:
        self.is_connected = is_connected
        self._meter.connected(is_connected=is_connected)
        if is_connected:
            self._listeners.want_sweep("connected")

    async def _event(self, event: UserEvent) -> None:
        match event:
            case OrderEvent():
                await self._listeners.order(order_seen(event))
            case TradeEvent(fills=fills):
                for fill in fills:
                    await self._listeners.fill(fill_seen(fill, "user"))
                if not fills:
                    self._listeners.want_sweep("trade_without_makers")
            case Ignored():
                pass
