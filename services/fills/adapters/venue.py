"""The venue's word on our fills: the user stream, and the sweep that finds what the stream missed."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable
from datetime import datetime, timedelta

import psycopg

from services.fills.domain.fill import FillStatus, HeardFill, Source
from services.fills.handlers.booking import FillBooker
from services.fills.ports import Ledger
from shared.domain.clock import Clock
from shared.domain.ids import VenueOrderId
from shared.domain.order import OrderStatus
from shared.runtime.logs import get_log
from shared.venue.clob import ClobClient
from shared.venue.errors import VenueFrameError, VenueUnreachableError
from shared.venue.frames.user import OrderEvent, TradeEvent, UserEvent, VenueFill, VenueOrder
from shared.venue.order_status import TradeStatus
from shared.venue.sockets import Connected, Disconnected
from shared.venue.wire import Parsed

EVENTS_WAITING_MAX = 10_000
SWEEP_MARGIN = timedelta(minutes=1)
FILL_STATUS = {
    TradeStatus.MATCHED: FillStatus.PROVISIONAL,
    TradeStatus.MINED: FillStatus.PROVISIONAL,
    TradeStatus.RETRYING: FillStatus.PROVISIONAL,
    TradeStatus.CONFIRMED: FillStatus.CONFIRMED,
    TradeStatus.FAILED: FillStatus.FAILED,
}
ORDER_EVENT = {
    OrderStatus.LIVE: "accepted",
    OrderStatus.PARTLY_FILLED: "matched",
    OrderStatus.FILLED: "matched",
    OrderStatus.CANCELLED: "cancelled",
    OrderStatus.EXPIRED: "expired",
}
Malformed = Callable[[VenueFrameError], None]


class UserStream:
    """Takes events in the step that read them, works them off in order. What it cannot hold, a sweep will find."""

    def __init__(self, booker: FillBooker, ledger: Ledger, sweep: asyncio.Event, malformed: Malformed) -> None:
        self._booker = booker
        self._ledger = ledger
        self._sweep = sweep
        self._malformed = malformed
        self._waiting: asyncio.Queue[UserEvent] = asyncio.Queue(EVENTS_WAITING_MAX)

    def take(self, event: Connected | Disconnected | Parsed[UserEvent]) -> None:
        if isinstance(event, Parsed):
            for error in event.malformed:
                self._malformed(error)
            for item in event.items:
                self._put(item)
        elif isinstance(event, Connected):
            self._sweep.set()  # there is no replay: what happened before this instant is only in REST

    async def work(self) -> None:
        while True:
            event = await self._waiting.get()
            if isinstance(event, TradeEvent):
                await self._trade(event)
            elif isinstance(event, OrderEvent):
                await apply_order(self._ledger, event.order, event.at)

    def _put(self, item: UserEvent) -> None:
        try:
            self._waiting.put_nowait(item)
        except asyncio.QueueFull:
            self._sweep.set()

    async def _trade(self, trade: TradeEvent) -> None:
        if not trade.fills:
            self._sweep.set()
        for fill in trade.fills:
            await self._booker.hear(heard(fill, Source.USER_STREAM))


class Sweep:
    """Reads back trades and orders and books what is missing: at start, on each reconnect, at intervals, and when the
    venue matched more of an order than we booked."""

    def __init__(
        self, client: ClobClient, booker: FillBooker, ledger: Ledger, clock: Clock, malformed: Malformed,
    ) -> None:  # fmt: skip
        self._client = client
        self._booker = booker
        self._ledger = ledger
        self._clock = clock
        self._malformed = malformed

    async def run(self, wanted: asyncio.Event, interval_seconds: float, look_seconds: float) -> None:
        """Wall seconds."""
        loop = asyncio.get_running_loop()
        swept_at = loop.time()
        while True:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(look_seconds):
                    await wanted.wait()
            due = loop.time() - swept_at >= interval_seconds
            if due or wanted.is_set() or await self._ledger.has_unbooked_matches():
                wanted.clear()
                await self.attempt()
                swept_at = loop.time()

    async def attempt(self) -> bool:
        """Whether the sweep was complete; one that was not leaves the watermark where it is."""
        try:
            return await self.sweep()
        except (VenueUnreachableError, VenueFrameError) as error:
            get_log().warning("sweep_failed", reason=str(error))
        except psycopg.OperationalError as error:
            get_log().warning("database_unreachable", reason=str(error))
        return False

    async def sweep(self) -> bool:
        began = self._clock.now()
        since = await self._ledger.sweep_from()
        if since is None:
            return True
        trades = await self._client.trades(after=since - SWEEP_MARGIN)
        for trade in trades.items:
            for fill in trade.fills:
                await self._booker.hear(heard(fill, Source.SWEEP))
        malformed = [*trades.malformed, *await self._sweep_orders()]
        for error in malformed:
            self._malformed(error)
        if not malformed:
            await self._ledger.mark_swept(began)
        return not malformed

    async def _sweep_orders(self) -> tuple[VenueFrameError, ...]:
        """Orders whose answer is outstanding are the executor's to resolve."""
        opened = await self._client.open_orders()
        at_venue = {order.venue_order_id: order for order in opened.items}
        for order in await self._ledger.unresolved_orders():
            if order.venue_order_id is None or order.status in {OrderStatus.SUBMITTING, OrderStatus.UNCERTAIN}:
                continue
            found = at_venue.get(order.venue_order_id) or await self._look_up(order.venue_order_id)
            if found is not None:
                await apply_order(self._ledger, found, self._clock.now())
        return opened.malformed

    async def _look_up(self, venue_order_id: VenueOrderId) -> VenueOrder | None:
        return await self._client.order(venue_order_id)


async def apply_order(ledger: Ledger, order: VenueOrder, at: datetime) -> None:
    """A size that grew books nothing: it names no trade. An order that is not ours is the executor's to cancel."""
    known = await ledger.order_of(order.venue_order_id)
    event = ORDER_EVENT.get(order.status)
    if known is None or event is None:
        get_log().warning("foreign_order", venue_order_id=order.venue_order_id, status=order.status.value)
        return
    await ledger.apply(known.order_id, event, order.matched, order.reason, at)


def heard(fill: VenueFill, source: Source) -> HeardFill:
    return HeardFill(
        trade=fill.trade,
        venue_order_id=fill.venue_order_id,
        bucket="" if fill.bucket is None else str(fill.bucket),
        market=fill.market,
        token=fill.token,
        price=fill.price,
        shares=fill.shares,
        fee=fill.fee,
        liquidity=fill.liquidity.value,
        status=FILL_STATUS[fill.status],
        source=source,
        occurred_at=fill.occurred_at,
    )
