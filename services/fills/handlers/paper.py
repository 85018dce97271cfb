"""Paper fills: our orders against the tops of real books."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

import structlog

from services.fills.domain.paper import Match, PaperOrder, PaperTop, look, match_at_once
from services.fills.domain.sightings import CONFIRMED, FillSeen
from services.fills.handlers.book import BookFills
from services.fills.ports import Kick, Ledger
from shared.domain.clock import Clock
from shared.domain.ids import AccountId, OrderId, TokenId
from shared.domain.money import NO_CASH, NO_SHARES
from shared.domain.order import IMMEDIATE, RESTING, Side
from shared.messages.discovery import TopChanged
from shared.messages.executor import OrderChanged

TOPS_KEPT = 4096
"""A quiet book says nothing for long: its top is kept until that many others have changed since."""
OVER = frozenset({"booked", "seen", "too_late", "oversize"})
log = structlog.get_logger()


class PaperFills:
    def __init__(
        self, account: AccountId, ledger: Ledger, fills: BookFills, clock: Clock, patience_seconds: float, kick: Kick
    ) -> None:
        self._account = account
        self._ledger = ledger
        self._fills = fills
        self._clock = clock
        self._patience_seconds = patience_seconds
        self._kick = kick
        self._orders: dict[OrderId, PaperOrder] = {}
        self._versions: dict[OrderId, int] = {}
        self._tops: dict[TokenId, PaperTop] = {}

    async def order(self, fact: OrderChanged) -> None:
        """A resting buy is watched from now on, an immediate order until it is over; any other is not.

        Raises LedgerUnavailableError.
        """
        if fact.account != self._account or fact.version <= self._versions.get(fact.order_id, 0):
            return
        self._versions[fact.order_id] = fact.version
        if fact.status in RESTING and (fact.side is Side.BUY or fact.time_in_force in IMMEDIATE):
            await self._watch(fact)
        else:
            self._orders.pop(fact.order_id, None)

    async def top(self, top: TopChanged) -> None:
        """Raises LedgerUnavailableError."""
        bid = top.bids[0].price if top.bids else None
        ask = top.asks[0].price if top.asks else None
        self._tops.pop(top.token, None)
        self._tops[top.token] = PaperTop(bid, ask, top.known, top.bids[0].shares if top.bids else None)
        while len(self._tops) > TOPS_KEPT:
            self._tops.pop(next(iter(self._tops)))
        await self._look([order for order in self._orders.values() if order.token == top.token])

    async def look_at_all(self) -> None:
        """For orders that only time fills. Raises LedgerUnavailableError."""
        await self._look(self.watched())

    async def reread(self) -> None:
        """The table's resting orders; how long they were at the best bid is kept. Raises LedgerUnavailableError."""
        rows = {order.order_id: order for order in await self._ledger.paper_orders()}
        kept = self._orders
        self._orders = {
            order_id: replace(order, at_best_since=kept[order_id].at_best_since) if order_id in kept else order
            for order_id, order in rows.items()
        }
        self._versions = {order: version for order, version in self._versions.items() if order in self._orders}

    def watched(self) -> list[PaperOrder]:
        return list(self._orders.values())

    async def _watch(self, fact: OrderChanged) -> None:
        market = await self._ledger.market(fact.market)
        if market is None:
            return
        known = self._orders.get(fact.order_id)
        order = PaperOrder(
            fact.order_id,
            fact.market,
            fact.token,
            fact.price,
            fact.shares.less(fact.filled),
            market.end,
            known.at_best_since if known else None,
            side=fact.side,
            time_in_force=fact.time_in_force,
        )
        self._orders[order.order_id] = order
        await self._look([order])

    async def _look(self, orders: Iterable[PaperOrder]) -> None:
        for order in orders:
            if order.is_immediate:
                await self._settle_at_once(order)
                continue
            looked_at_seconds = self._clock.monotonic_seconds()
            looked, fills = look(order, self._tops.get(order.token), self._clock.now(), self._patience_seconds)
            if self._orders.get(order.order_id) is not order:
                continue
            self._orders[order.order_id] = looked
            if fills and await self._booked(looked, looked_at_seconds):
                self._orders.pop(order.order_id, None)

    async def _settle_at_once(self, order: PaperOrder) -> None:
        """Forgotten only when its end is recorded: a crash between the two looks at the rest again."""
        if self._orders.get(order.order_id) is not order:
            return
        looked_at_seconds = self._clock.monotonic_seconds()
        match = match_at_once(order, self._tops.get(order.token), self._clock.now())
        if match is not None:
            await self._fills.book(order.order_id, self._taken(order, match), looked_at_seconds)
        await self._ledger.apply(order.order_id, "cancelled", NO_SHARES, "UNFILLED", self._clock.now())
        self._kick()
        self._orders.pop(order.order_id, None)

    async def _booked(self, order: PaperOrder, heard_at_seconds: float) -> bool:
        return await self._fills.book(order.order_id, self._fill(order), heard_at_seconds) in OVER

    def _taken(self, order: PaperOrder, match: Match) -> FillSeen:
        """The fee follows from the market's own rate."""
        return replace(self._fill(order), price=match.price, shares=match.shares, fee=None, liquidity="taker")

    def _fill(self, order: PaperOrder) -> FillSeen:
        return FillSeen(
            venue_order_id=None,
            trade=order.next_trade(),
            bucket="",
            market=order.market,
            token=order.token,
            price=order.price,
            shares=order.remaining,
            fee=NO_CASH,
            liquidity="maker",
            status=CONFIRMED,
            source="paper",
            occurred_at=self._clock.now(),
        )
