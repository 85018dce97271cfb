"""Cancels: recorded first, then asked of the venue, over only with its final word."""

from __future__ import annotations

from collections.abc import Sequence

import structlog

from services.executor.domain.gate import Gate
from services.executor.domain.open_order import OpenOrder
from services.executor.domain.unwanted import Unwanted, unwanted
from services.executor.handlers.resolve import Resolver, cancelling
from services.executor.ports import Kick, Meter, OrderTable, TableUnavailableError, Venue
from shared.domain.clock import Clock
from shared.domain.ids import AccountId, MarketId
from shared.messages.bidder import CancelEntry
from shared.messages.risk import CloseEntries

log = structlog.get_logger()


class CancelOrders:
    def __init__(
        self,
        account: AccountId,
        table: OrderTable,
        venue: Venue,
        resolver: Resolver,
        gate: Gate,
        clock: Clock,
        meter: Meter,
        kick: Kick,
    ) -> None:
        self._account = account
        self._table = table
        self._venue = venue
        self._resolver = resolver
        self._gate = gate
        self._clock = clock
        self._meter = meter
        self._kick = kick

    async def cancel_entry(self, command: CancelEntry) -> None:
        """An order that is final or already being cancelled stays as it is. Raises TableUnavailableError."""
        if command.account != self._account:
            return
        order = await self._table.open_order(command.order_id)
        if order is not None and order.is_entry and not order.is_cancelling:
            await self.cancel([Unwanted(order, command.reason)])

    async def cancel_unwanted(self, market: MarketId | None = None) -> None:
        """Whatever the trading state or its market no longer wants, in one market or in all."""
        orders = await self._table.open_orders(market)
        await self.cancel(unwanted(orders, state_cancels=self._gate.cancels))

    async def close_entries(self, command: CloseEntries) -> None:
        """The guard EXITED is in the table: it makes the market's entries unwanted. Raises TableUnavailableError."""
        if command.account == self._account:
            await self.cancel_unwanted(command.market)
            await self.report_closed(command.market)

    async def report_closed(self, market: MarketId | None = None) -> None:
        """Says `EntriesClosed` where it is owed; what cannot be said yet is looked at again every round.

        Raises TableUnavailableError.
        """
        closed = await self._table.close_exits(market)
        if closed:
            log.info("entries_closed", markets=closed)
            self._kick()

    async def cancel_entries(self, reason: str) -> None:
        orders = await self._table.open_orders()
        await self.cancel([Unwanted(order, reason) for order in orders if order.is_entry and not order.is_cancelling])

    async def cancel_unnamed(self, reason: str) -> None:
        """With the table away nobody can name what rests: everything goes, as when the heartbeat lapses."""
        word = await self._venue.cancel_all()
        log.warning("cancelled_unnamed", reason=reason, cancelled=len(word.cancelled), problem=word.problem or None)

    async def cancel(self, asked: Sequence[Unwanted]) -> None:
        """The venue is asked even when the database cannot record it: better cancelled than written down."""
        if not asked:
            return
        for reason in dict.fromkeys(each.reason for each in asked):
            orders = [each.order for each in asked if each.reason == reason]
            log.info("cancel_requested", reason=reason, order_ids=[order.order_id for order in orders])
            self._meter.cancels(reason, len(orders))
            try:
                await self._table.request_cancels([order.order_id for order in orders], reason)
            except TableUnavailableError as error:
                log.error("cancel_not_recorded", reason=reason, error=str(error))
        self._kick()
        asked_at = self._clock.wall()
        await self.tell_venue([cancelling(each.order, asked_at) for each in asked])

    async def tell_venue(self, orders: Sequence[OpenOrder]) -> None:
        """Orders that are already recorded as cancelling; what the venue leaves open is asked about again later."""
        if not orders:
            return
        word = await self._venue.cancel([order.venue_order_id for order in orders])
        if word.problem:
            log.warning("cancel_unanswered", reason=word.problem, count=len(orders))
        await self._resolver.ask(orders, word.cancelled)
