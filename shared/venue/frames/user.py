"""Frames of the user channel and the REST rows of the same shapes. Protocol sheet, sections 2.7 and 3.2."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

import msgspec

from shared.domain.ids import MarketId, TokenId, TradeId, VenueOrderId
from shared.domain.money import NO_CASH, NO_SHARES, Cash, Price, Shares
from shared.domain.order import OrderStatus, Side, TimeInForce
from shared.venue.errors import VenueFrameError
from shared.venue.frames.market import Ignored
from shared.venue.order_status import TradeStatus, order_status, trade_status
from shared.venue.wire import (
    NOTHING,
    Id,
    Parsed,
    decode,
    elements,
    instant,
    is_absent,
    market_id,
    optional_instant,
    price,
    shares,
)


class Liquidity(StrEnum):
    MAKER = "maker"
    TAKER = "taker"


class OrderEventKind(StrEnum):
    PLACEMENT = "PLACEMENT"
    UPDATE = "UPDATE"
    CANCELLATION = "CANCELLATION"


@dataclass(frozen=True, slots=True)
class Owner:
    """Who we are at the venue: what marks an entry of a trade as ours. The address covers session keys."""

    api_key: str
    address: str

    def owns(self, api_key: str | None, address: str | None) -> bool:
        return api_key == self.api_key or (bool(address) and str(address).lower() == self.address.lower())


@dataclass(frozen=True, slots=True)
class VenueOrder:
    """An order as the venue has it now. `matched` is cumulative; `reason` is the venue's own status text."""

    venue_order_id: VenueOrderId
    market: MarketId
    token: TokenId
    side: Side
    price: Price
    shares: Shares
    matched: Shares
    status: OrderStatus
    reason: str
    time_in_force: TimeInForce | None
    created_at: datetime | None
    trades: tuple[TradeId, ...]


@dataclass(frozen=True, slots=True)
class OrderEvent:
    """`matched` growing is a reason to sweep trades and books nothing: it names no trade."""

    kind: OrderEventKind
    order: VenueOrder
    at: datetime


@dataclass(frozen=True, slots=True)
class VenueFill:
    """Our share of a trade, one per order of ours in it. Identity: trade and order (and bucket, where known).

    `fee` is None for a taker: the tape does not carry it, `taker_fee` of the market's rate does.
    """

    venue_order_id: VenueOrderId
    trade: TradeId
    bucket: int | None
    market: MarketId
    token: TokenId
    side: Side
    price: Price
    shares: Shares
    status: TradeStatus
    liquidity: Liquidity
    fee: Cash | None
    occurred_at: datetime


@dataclass(frozen=True, slots=True)
class TradeEvent:
    """A trade and what of it is ours. No fills = the venue left the makers out: sweep the order instead."""

    trade: TradeId
    market: MarketId
    status: TradeStatus
    fills: tuple[VenueFill, ...]
    occurred_at: datetime


UserEvent = OrderEvent | TradeEvent | Ignored


class _Head(msgspec.Struct):
    event_type: str | None = None
    type: str | None = None


class _Order(msgspec.Struct):
    id: Id
    market: Id
    asset_id: Id
    side: Side
    price: msgspec.Raw
    original_size: msgspec.Raw
    size_matched: msgspec.Raw = NOTHING
    status: str | None = None
    type: str | None = None
    order_type: str | None = None
    created_at: msgspec.Raw = NOTHING
    timestamp: msgspec.Raw = NOTHING
    associate_trades: list[str] | None = None


class _MakerOrder(msgspec.Struct):
    order_id: Id
    matched_amount: msgspec.Raw
    price: msgspec.Raw
    asset_id: Id
    owner: str | None = None
    maker_address: str | None = None
    side: str | None = None


class _Trade(msgspec.Struct):
    id: Id
    market: Id
    asset_id: Id
    side: Side
    size: msgspec.Raw
    price: msgspec.Raw
    status: str
    taker_order_id: str | None = None
    owner: str | None = None
    trade_owner: str | None = None
    maker_address: str | None = None
    trader_side: str | None = None
    maker_orders: list[_MakerOrder] | None = None
    bucket_index: int | None = None
    match_time: msgspec.Raw = NOTHING
    matchtime: msgspec.Raw = NOTHING
    timestamp: msgspec.Raw = NOTHING
    last_update: msgspec.Raw = NOTHING


_Element = str | bytes | msgspec.Raw


def read_user_frame(text: str | bytes, owner: Owner) -> Parsed[UserEvent]:
    """One event or an array of them. What cannot be read is returned beside what can; nothing is raised."""
    events: list[UserEvent] = []
    malformed: list[VenueFrameError] = []
    try:
        parts = elements(text)
    except VenueFrameError as error:
        return Parsed((), (error,))
    for element in parts:
        try:
            events.append(_event(element, owner))
        except VenueFrameError as error:
            malformed.append(error)
    return Parsed(tuple(events), tuple(malformed))


def _event(element: _Element, owner: Owner) -> UserEvent:
    head = decode(element, _Head)
    kind = head.event_type or ("trade" if head.type == "TRADE" else "order" if head.type in _KINDS else "")
    if kind == "trade":
        return read_trade(element, owner)
    if kind == "order":
        return _order_event(element)
    return Ignored((kind or head.type or "unnamed")[:64])


_KINDS = frozenset(kind.value for kind in OrderEventKind)


def _order_event(element: _Element) -> OrderEvent:
    raw = decode(element, _Order)
    try:
        kind = OrderEventKind(raw.type or "")
    except ValueError:
        raise VenueFrameError("type", f"{raw.type!r} is no kind of order event", raw.id) from None
    return OrderEvent(kind, _order(raw, kind), instant(raw.timestamp, "timestamp"))


def read_order(element: _Element) -> VenueOrder:
    """One row of `/data/orders` or `/data/order/{id}`. Raises VenueFrameError, UnknownStatusError."""
    return _order(decode(element, _Order), None)


def _order(raw: _Order, kind: OrderEventKind | None) -> VenueOrder:
    original = shares(raw.original_size, "original_size")
    matched = NO_SHARES if is_absent(raw.size_matched) else shares(raw.size_matched, "size_matched")
    time_in_force = _time_in_force(raw.order_type)
    text = raw.status or ("CANCELED" if kind is OrderEventKind.CANCELLATION else "LIVE")
    status = order_status(text, original, matched, time_in_force)
    if kind is OrderEventKind.CANCELLATION and status is not OrderStatus.EXPIRED:
        status = OrderStatus.CANCELLED
    return VenueOrder(
        venue_order_id=VenueOrderId(raw.id),
        market=market_id(raw.market),
        token=TokenId(raw.asset_id),
        side=raw.side,
        price=price(raw.price, "price"),
        shares=original,
        matched=matched,
        status=status,
        reason=text[:256],
        time_in_force=time_in_force,
        created_at=optional_instant(raw.created_at, "created_at"),
        trades=tuple(TradeId(each) for each in raw.associate_trades or []),
    )


def _time_in_force(text: str | None) -> TimeInForce | None:
    if not text:
        return None
    try:
        return TimeInForce(text)
    except ValueError:
        raise VenueFrameError("order_type", "not GTC, GTD, FOK or FAK", text) from None


def read_trade(element: _Element, owner: Owner) -> TradeEvent:
    """A trade frame or one row of `/data/trades`. Raises VenueFrameError, UnknownStatusError."""
    raw = decode(element, _Trade)
    status = trade_status(raw.status)
    occurred_at = _occurred_at(raw)
    found = [_maker_fill(raw, entry, status, occurred_at) for entry in raw.maker_orders or [] if _is_ours(entry, owner)]
    taken = _taker_fill(raw, owner, status, occurred_at, is_maker=bool(found))
    fills = _merged(found) + (() if taken is None else (taken,))
    return TradeEvent(TradeId(raw.id), market_id(raw.market), status, fills, occurred_at)


def _is_ours(entry: _MakerOrder, owner: Owner) -> bool:
    return owner.owns(entry.owner, entry.maker_address)


def _occurred_at(raw: _Trade) -> datetime:
    """The match's instant, the same on every status of the trade; in seconds mostly."""
    for field in ("match_time", "matchtime", "timestamp", "last_update"):
        found = optional_instant(getattr(raw, field), field)
        if found is not None:
            return found
    raise VenueFrameError("match_time", "missing", raw.id)


def _maker_fill(raw: _Trade, entry: _MakerOrder, status: TradeStatus, occurred_at: datetime) -> VenueFill:
    return VenueFill(
        venue_order_id=VenueOrderId(entry.order_id),
        trade=TradeId(raw.id),
        bucket=raw.bucket_index,
        market=market_id(raw.market),
        token=TokenId(entry.asset_id),
        side=_maker_side(raw, entry),
        price=price(entry.price, "maker_orders.price"),
        shares=shares(entry.matched_amount, "maker_orders.matched_amount"),
        status=status,
        liquidity=Liquidity.MAKER,
        fee=NO_CASH,
        occurred_at=occurred_at,
    )


def _maker_side(raw: _Trade, entry: _MakerOrder) -> Side:
    """Often left out. On the taker's own token a maker stands against him, on the other one beside him."""
    if entry.side:
        try:
            return Side(entry.side)
        except ValueError:
            raise VenueFrameError("maker_orders.side", "neither BUY nor SELL", entry.side) from None
    if entry.asset_id != raw.asset_id:
        return raw.side
    return Side.SELL if raw.side is Side.BUY else Side.BUY


def _merged(fills: list[VenueFill]) -> tuple[VenueFill, ...]:
    """One per order: an order named twice in a trade rests at one price, so its shares add up."""
    by_order: dict[VenueOrderId, VenueFill] = {}
    for fill in fills:
        held = by_order.get(fill.venue_order_id)
        total = fill.shares if held is None else held.shares + fill.shares
        by_order[fill.venue_order_id] = replace(fill, shares=total)
    return tuple(by_order.values())


def _taker_fill(
    raw: _Trade, owner: Owner, status: TradeStatus, occurred_at: datetime, *, is_maker: bool
) -> VenueFill | None:
    """`owner` of a maker's frame may be the maker himself, so `trader_side` decides where it is there."""
    is_taker = raw.trader_side == "TAKER" or (not raw.trader_side and not is_maker)
    ours = owner.owns(raw.trade_owner or raw.owner, raw.maker_address)
    if not (is_taker and ours and raw.taker_order_id):
        return None
    return VenueFill(
        venue_order_id=VenueOrderId(raw.taker_order_id),
        trade=TradeId(raw.id),
        bucket=raw.bucket_index,
        market=market_id(raw.market),
        token=TokenId(raw.asset_id),
        side=raw.side,
        price=price(raw.price, "price"),
        shares=shares(raw.size, "size"),
        status=status,
        liquidity=Liquidity.TAKER,
        fee=None,
        occurred_at=occurred_at,
    )
