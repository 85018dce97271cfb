"""Paper trading: the order row is the venue, the real books decide when it fills."""

from __future__ import annotations

from collections.abc import Iterable

from services.fills.domain.fill import FillStatus, HeardFill, Source
from services.fills.domain.paper import Resting, fills, watch
from services.fills.handlers.booking import FillBooker
from services.fills.ports import Ledger
from shared.domain.book import Level, Top
from shared.domain.clock import Clock
from shared.domain.ids import OrderId, TokenId, TradeId
from shared.domain.money import NO_CASH
from shared.domain.order import RESTING, Order
from shared.messages.discovery import TopChanged


class PaperDesk:
    """Knows the resting orders and the newest tops; looks at an order whenever either changes, or time passes."""

    def __init__(self, booker: FillBooker, ledger: Ledger, clock: Clock, wait_seconds: float) -> None:
        self._booker = booker
        self._ledger = ledger
        self._clock = clock
        self._wait_seconds = wait_seconds
        self._orders: dict[OrderId, Order] = {}
        self._resting: dict[OrderId, Resting] = {}
        self._tops: dict[TokenId, Top] = {}

    async def reload(self) -> None:
        """The table's word on what rests."""
        orders = {order.order_id: order for order in await self._ledger.unresolved_orders()}
        for gone in self._orders.keys() - orders.keys():
            self._forget(gone)
        for order in orders.values():
            self.hear_order(order)

    def hear_order(self, order: Order) -> None:
        known = self._orders.get(order.order_id)
        if known is not None and known.version >= order.version:
            return
        if order.status in RESTING:
            self._orders[order.order_id] = order
            self._resting.setdefault(order.order_id, Resting(order.price))
        else:
            self._forget(order.order_id)

    async def hear_top(self, message: TopChanged) -> None:
        if message.known:
            self._tops[message.token] = _top(message)
        else:
            self._tops.pop(message.token, None)
        await self._look(order for order in self._orders.values() if order.token == message.token)

    async def look(self) -> None:
        await self._look(self._orders.values())

    async def _look(self, orders: Iterable[Order]) -> None:
        for order in list(orders):
            now, top = self._clock.now(), self._tops.get(order.token)
            resting = self._resting[order.order_id] = watch(self._resting[order.order_id], top, now)
            if fills(resting, top, now, self._wait_seconds):
                self._forget(order.order_id)
                await self._booker.hear(self._whole(order))

    def _whole(self, order: Order) -> HeardFill:
        return HeardFill(
            trade=TradeId(f"paper/{order.order_id}"),
            venue_order_id=order.venue_order_id,
            bucket="",
            market=order.market,
            token=order.token,
            price=order.price,
            shares=order.remaining,
            fee=NO_CASH,
            liquidity="maker",
            status=FillStatus.CONFIRMED,
            source=Source.PAPER,
            occurred_at=self._clock.now(),
        )

    def _forget(self, order: OrderId) -> None:
        self._orders.pop(order, None)
        self._resting.pop(order, None)


def _top(message: TopChanged) -> Top:
    bid = message.bids[0] if message.bids else None
    ask = message.asks[0] if message.asks else None
    return Top(
        message.token,
        None if bid is None else Level(bid.price, bid.shares),
        None if ask is None else Level(ask.price, ask.shares),
        message.seen_at,
    )
