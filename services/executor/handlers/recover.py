"""Start: everything the table leaves open is asked about, orders nobody knows are dealt with, only then entries open.

Nothing is ever posted here.
"""

from __future__ import annotations

from collections.abc import Sequence

import structlog

from services.executor.domain.open_order import OpenOrder
from services.executor.domain.orphans import CANCEL_ORPHANS, Orphans, sort_orphans
from services.executor.domain.resolution import Cancel, Wait
from services.executor.domain.unwanted import Unwanted
from services.executor.domain.words import ForeignOrder
from services.executor.handlers.cancel import CancelOrders
from services.executor.handlers.resolve import Resolver
from services.executor.ports import Guard, OrderTable, Sleep, Venue, VenueSilentError

CAUSE = "executor_recovery"
FOREIGN_CAUSE = "foreign_orders"
PAUSE_SECONDS = 0.5
log = structlog.get_logger()


class Recovery:
    """`orphans` is the setting; `asks_first` where the first live start must not cancel what it does not know."""

    def __init__(
        self,
        table: OrderTable,
        venue: Venue,
        resolver: Resolver,
        cancels: CancelOrders,
        guard: Guard,
        sleep: Sleep,
        orphans: str,
        *,
        asks_first: bool,
    ) -> None:
        self._table = table
        self._venue = venue
        self._resolver = resolver
        self._cancels = cancels
        self._guard = guard
        self._sleep = sleep
        self._orphans = orphans
        self._asks_first = asks_first

    async def run(self) -> None:
        """Returns with entries open again, unless another cause closes them. Raises TableUnavailableError."""
        await self._guard.set_cause(CAUSE, "halted", "resolving the order table", cancels=False)
        orders = await self._table.open_orders()
        await self._resolve(orders)
        await self._deal_with_orphans()
        await self._guard.clear_cause(CAUSE)
        log.info("recovery_done", open_orders=len(orders))

    async def _resolve(self, orders: Sequence[OpenOrder]) -> None:
        """Asks until the venue has answered for every order. What it does not know stays reserved and is asked about
        until its absence is proven."""
        left = list(orders)
        while left:
            outcomes = await self._resolver.ask(left)
            asked = [(order, outcomes[order.order_id]) for order in left]
            await self._cancels.cancel(
                [Unwanted(order, step.reason) for order, step in asked if isinstance(step, Cancel)]
            )
            left = [order for order, step in asked if isinstance(step, Wait) and not step.is_answered]
            if left:
                log.warning("recovery_waits", unanswered=len(left))
                await self._sleep(PAUSE_SECONDS)

    async def _deal_with_orphans(self) -> None:
        orphans = await self._find_orphans()
        for order_id in orphans.returned:
            await self._table.apply(order_id, "returned", None, "RETURNED")
        if orphans.lingering:
            await self._venue.cancel(orphans.lingering)
        if not orphans.foreign:
            await self._guard.clear_cause(FOREIGN_CAUSE)
            return
        named = [f"{order.venue_order_id} {order.description}" for order in orphans.foreign]
        if self._orphans != CANCEL_ORPHANS:
            log.warning("orphans_adopted", orders=named)
        elif self._asks_first and not await self._table.has_history():
            await self._refuse(named)
        else:
            await self._cancel_orphans(orphans.foreign)

    async def _find_orphans(self) -> Orphans:
        while True:
            try:
                candidates = await self._venue.foreign_candidates()
            except VenueSilentError as error:
                log.warning("orphans_unanswered", error=str(error))
                await self._sleep(PAUSE_SECONDS)
                continue
            known = await self._table.known_statuses([order.venue_order_id for order in candidates])
            return sort_orphans(candidates, known)

    async def _refuse(self, named: list[str]) -> None:
        """A first live start: somebody may trade by hand with this key."""
        log.error("foreign_orders", orders=named, remedy="cancel them at the venue, or set orphans=adopt to leave them")
        await self._guard.set_cause(FOREIGN_CAUSE, "reducing", "; ".join(named)[:1000], cancels=False)

    async def _cancel_orphans(self, orphans: Sequence[ForeignOrder]) -> None:
        word = await self._venue.cancel([order.venue_order_id for order in orphans])
        log.warning(
            "orphans_cancelled", asked=len(orphans), cancelled=sorted(word.cancelled), problem=word.problem or None
        )
