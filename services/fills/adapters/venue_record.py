"""The venue's trades and orders, from its REST API and its user socket, in our words."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Iterable, Sequence
from datetime import datetime
from decimal import Decimal
from typing import TypeVar

from services.fills.domain.adoption import LostOrder
from services.fills.domain.dollars import Payout, ShownCash
from services.fills.domain.proof import UNITS_PER_SHARE, FillKey, OpenOrder, OwnSide, VenueSide
from services.fills.domain.sightings import CONFIRMED, FAILED, PROVISIONAL, FillSeen, OrderSeen
from services.fills.ports import Traded, VenueSilentError
from shared.domain.clock import Clock
from shared.domain.ids import MarketId, TokenId, VenueOrderId
from shared.domain.market import ProtocolVersion
from shared.domain.order import OrderStatus, TimeInForce
from shared.venue.clob import ClobClient
from shared.venue.errors import VenueFrameError, VenueUnreachableError
from shared.venue.frames.user import OrderEvent, TradeEvent, VenueFill, VenueOrder
from shared.venue.order_status import TradeStatus
from shared.venue.wire import Parsed

STATUS = {
    TradeStatus.MATCHED: PROVISIONAL,
    TradeStatus.MINED: PROVISIONAL,
    TradeStatus.RETRYING: PROVISIONAL,
    TradeStatus.CONFIRMED: CONFIRMED,
    TradeStatus.FAILED: FAILED,
}
OVER = frozenset({OrderStatus.CANCELLED, OrderStatus.EXPIRED})
COLLATERAL = "COLLATERAL"
ASSET_TYPES = {ProtocolVersion.V1: "CONDITIONAL", ProtocolVersion.V2: "CONDITIONAL-V2"}
QUESTIONS_AT_ONCE = 4
"""The venue allows 20 balances a second and queues what is more."""
T = TypeVar("T")


class RestRecord:
    """What cannot be read might be a fill of ours: such an answer proves nothing."""

    def __init__(self, clob: ClobClient, clock: Clock) -> None:
        self._clob = clob
        self._clock = clock
        self._questions = asyncio.Semaphore(QUESTIONS_AT_ONCE)

    async def fills(self, market: MarketId) -> Traded:
        return _fills_of(await self._answer(lambda: self._clob.trades(market=market)))

    async def fills_since(self, instant: datetime) -> Traded:
        return _fills_of(await self._answer(lambda: self._clob.trades(after=instant)))

    async def open_orders(self) -> list[OrderSeen]:
        now = self._clock.now()
        return [_seen(order, order.created_at or now) for order in await self._all(self._clob.open_orders)]

    async def order(self, venue_order: VenueOrderId) -> LostOrder | None:
        try:
            found = await self._clob.order(venue_order)
        except (VenueUnreachableError, VenueFrameError) as error:
            raise VenueSilentError(str(error)) from None
        return None if found is None else _lost(found, found.created_at or self._clock.now())

    async def side(self, own: OwnSide) -> VenueSide:
        """Three kinds of questions, asked one after the other; balances several at once."""
        markets = {holding.market for holding in own.holdings.values()}
        orders = await self._all(self._clob.open_orders)
        fills = await self._every_fill_since(own.since)
        balances = await asyncio.gather(
            *(self._balance(ASSET_TYPES[each.version], token) for token, each in own.holdings.items())
        )
        return VenueSide(
            orders={each.venue_order_id: _open(each) for each in orders},
            fills=_traded(seen for seen in fills if seen.market in markets),
            balances=dict(zip(own.holdings, balances, strict=True)),
        )

    async def look_again(self, token: TokenId, version: ProtocolVersion) -> None:
        await self._refresh(ASSET_TYPES[version], token)

    async def cash(self, payouts: Sequence[Payout]) -> ShownCash:
        """Tokens first, so that what is redeemed meanwhile is under way and not missing."""
        shown = await asyncio.gather(*(self._paying(each) for each in payouts))
        balances = {each.token: units for each, units in zip(payouts, shown, strict=True) if units is not None}
        return ShownCash(await self._balance(COLLATERAL), balances)

    async def look_again_at_cash(self, payouts: Sequence[Payout]) -> None:
        await self._refresh(COLLATERAL)
        for each in payouts:
            await self._refresh(ASSET_TYPES[each.version], each.token)

    async def _refresh(self, asset_type: str, token: TokenId | None = None) -> None:
        try:
            await self._clob.refresh_balance_allowance(asset_type, token)
        except (VenueUnreachableError, VenueFrameError) as error:
            raise VenueSilentError(str(error)) from None

    async def _balance(self, asset_type: str, token: TokenId | None = None) -> int:
        async with self._questions:
            try:
                found = await self._clob.balance_allowance(asset_type, token)
            except (VenueUnreachableError, VenueFrameError) as error:
                raise VenueSilentError(str(error)) from None
        return units_of(found.amount)

    async def _paying(self, payout: Payout) -> int | None:
        """None where the venue says nothing of it: how long it knows tokens that were settled is documented nowhere."""
        try:
            return await self._balance(ASSET_TYPES[payout.version], payout.token)
        except VenueSilentError:
            return None

    async def _every_fill_since(self, instant: datetime | None) -> Sequence[FillSeen]:
        if instant is None:
            return ()
        traded = await self.fills_since(instant)
        if traded.unread:
            raise VenueSilentError(traded.unread)
        return traded.fills

    async def _all(self, read: Callable[[], Awaitable[Parsed[T]]]) -> Sequence[T]:
        found = await self._answer(read)
        if found.malformed:
            raise VenueSilentError(str(found.malformed[0]))
        return found.items

    async def _answer(self, read: Callable[[], Awaitable[Parsed[T]]]) -> Parsed[T]:
        try:
            return await read()
        except (VenueUnreachableError, VenueFrameError) as error:
            raise VenueSilentError(str(error)) from None


def _fills_of(trades: Parsed[TradeEvent]) -> Traded:
    fills = [fill_seen(fill, "rest") for trade in trades.items for fill in trade.fills]
    return Traded(fills, str(trades.malformed[0]) if trades.malformed else "")


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
        side=fill.side,
    )


def units_of(shares: Decimal) -> int:
    return int(shares * UNITS_PER_SHARE)


def _open(order: VenueOrder) -> OpenOrder:
    return OpenOrder(order.market, units_of(order.shares.value), units_of(order.matched.value))


def _traded(fills: Iterable[FillSeen]) -> dict[FillKey, int]:
    units = Counter[FillKey]()
    for seen in fills:
        if seen.venue_order_id is not None and seen.status != FAILED:
            units[seen.venue_order_id, seen.trade] += units_of(seen.shares.value)
    return dict(units)


def _lost(order: VenueOrder, at: datetime) -> LostOrder:
    return LostOrder(
        venue_order_id=order.venue_order_id,
        market=order.market,
        token=order.token,
        side=order.side,
        price=order.price,
        shares=order.shares,
        time_in_force=str(order.time_in_force or TimeInForce.GTC),
        occurred_at=at,
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
