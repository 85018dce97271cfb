"""Cancels: recorded first, then asked of the venue, over only with its final word."""

from __future__ import annotations

from collections.abc import Sequence

import structlog

from services.executor.domain.budget import CANCELS_AT_ONCE, Budget
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
    """Never held back but by the venue's budget, and that holds back only what moves a bid: a kill, a market that is
    left, what nobody watches go out at once, also beyond it."""

    def __init__(
        self,
        account: AccountId,
        table: OrderTable,
        venue: Venue,
        resolver: Resolver,
        gate: Gate,
        budget: Budget,
        clock: Clock,
        meter: Meter,
        kick: Kick,
    ) -> None:
        self._account = account
        self._table = table
        self._venue = venue
        self._resolver = resolver
        self._gate = gate
        self._budget = budget
        self._clock = clock
        self._meter = meter
        self._kick = kick

    async def cancel_entry(self, command: CancelEntry) -> None:
        """An order that is final or already being cancelled stays as it is. Raises TableUnavailableError."""
        if command.account != self._account:
            return
        order = await self._table.open_order(command.order_id)
        if order is not None and order.is_entry and not order.is_cancelling:
            await self.cancel([Unwanted(order, command.reason)], may_wait=True)

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

    async def cancel(self, asked: Sequence[Unwanted], *, may_wait: bool = False) -> None:
        """The venue is asked even when the database cannot record it: better cancelled than written down. What may
        wait is recorded, and asked for when the venue's budget has room."""
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
        orders = [cancelling(each.order, asked_at) for each in asked]
        await self._ask(self._affordable(orders) if may_wait else self._counted(orders))

    async def tell_venue(self, orders: Sequence[OpenOrder]) -> None:
        """Orders that are already recorded as cancelling; what the venue leaves open is asked about again later."""
        urgent = [order for order in orders if order.is_unwanted or self._gate.cancels]
        others = [order for order in orders if order not in urgent]
        await self._ask(self._counted(urgent) + self._affordable(others))

    def _affordable(self, orders: list[OpenOrder]) -> list[list[OpenOrder]]:
        """The rest is asked for again by a later round."""
        count = self._budget.take_some(len(orders), self._clock.monotonic_seconds(), is_urgent=False)
        if count < len(orders):
            log.warning("cancels_wait", count=len(orders) - count)
        return [orders[:count]]

    def _counted(self, orders: list[OpenOrder]) -> list[list[OpenOrder]]:
        """All of them, in requests of which the first is surely within the budget: one beyond it is refused whole."""
        now_seconds = self._clock.monotonic_seconds()
        within = self._budget.take_some(len(orders), now_seconds, is_urgent=True)
        beyond = orders[within:]
        self._budget.spend(now_seconds, len(beyond))
        later = range(0, len(beyond), CANCELS_AT_ONCE)
        return [orders[:within], *(beyond[first : first + CANCELS_AT_ONCE] for first in later)]

    async def _ask(self, requests: Sequence[Sequence[OpenOrder]]) -> None:
        for orders in requests:
            if orders:
                await self._ask_once(orders)

    async def _ask_once(self, orders: Sequence[OpenOrder]) -> None:
        word = await self._venue.cancel([order.venue_order_id for order in orders])
        if word.problem:
            log.warning("cancel_unanswered", reason=word.problem, count=len(orders))
        await self._resolver.ask(orders, word.cancelled)
