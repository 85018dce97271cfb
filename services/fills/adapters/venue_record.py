"""The venue's trades and orders, from its REST API and its user socket, in our words."""

from __future__ import annotations

from datetime import datetime

from services.fills.domain.sightings import CONFIRMED, FAILED, PROVISIONAL, FillSeen, OrderSeen
from services.fills.ports import VenueSilentError
from shared.domain.clock import Clock
from shared.domain.ids import MarketId
from shared.domain.order import OrderStatus
from shared.venue.clob import ClobClient
from shared.venue.errors import VenueFrameError, VenueUnreachableError
from shared.venue.frames.user import OrderEvent, VenueFill, VenueOrder
from shared.venue.order_status import TradeStatus

STATUS = {
    TradeStatus.MATCHED: PROVISIONAL,
    TradeStatus.MINED: PROVISIONAL,
    TradeStatus.RETRYING: PROVISIONAL,
    TradeStatus.CONFIRMED: CONFIRMED,
    TradeStatus.FAILED: FAILED,
}
OVER = frozenset({OrderStatus.CANCELLED, OrderStatus.EXPIRED})


class RestRecord:
    """What cannot be read might be a fill of ours: such an answer proves nothing."""

    def __init__(self, clob: ClobClient, clock: Clock) -> None:
        self._clob = clob
        self._clock = clock

    async def fills(self, market: MarketId) -> list[FillSeen]:
        try:
            found = await self._clob.trades(market=market)
        except (VenueUnreachableError, VenueFrameError) as error:
            raise VenueSilentError(str(error)) from None
        if found.malformed:
            raise VenueSilentError(str(found.malformed[0]))
        return [fill_seen(fill, "rest") for trade in found.items for fill in trade.fills]

    async def open_orders(self) -> list[OrderSeen]:
        try:
            found = await self._clob.open_orders()
        except (VenueUnreachableError, VenueFrameError) as error:
            raise VenueSilentError(str(error)) from None
        if found.malformed:
            raise VenueSilentError(str(found.malformed[0]))
        now = self._clock.now()
        return [_seen(order, order.created_at or now) for order in found.items]


def fill_seen(fill: VenueFill, source: str) -> FillSeen:
    return FillSeen(
        venue_order_id=fill.venue_order_id,
        trade=fill.trade,
        bucket="" if fill.bucket is None else str(fill.bucket),
        market=fill.market,
        token=fill.token,
        price=fill.price,
        shares=fill.shares,
        fee=fill.fee,
        liquidity=str(fill.liquidity),
        status=STATUS[fill.status],
        source=source,
        occurred_at=fill.occurred_at,
    )


def order_seen(event: OrderEvent) -> OrderSeen:
    return _seen(event.order, event.at)


def _seen(order: VenueOrder, at: datetime) -> OrderSeen:
    return OrderSeen(
        venue_order_id=order.venue_order_id,
        market=order.market,
        token=order.token,
        matched=order.matched,
        over=str(order.status) if order.status in OVER else None,
        reason=order.reason,
        occurred_at=at,
    )
