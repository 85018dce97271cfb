"""Frames of the market channel, and `/book` answers, which have the same shape. Protocol sheet, 2.3 and 3.1."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

import msgspec

from shared.domain.book import Level
from shared.domain.ids import MarketId, TokenId
from shared.domain.money import Price, Shares
from shared.domain.order import Side
from shared.venue.errors import VenueFrameError
from shared.venue.wire import (
    NOTHING,
    Id,
    Parsed,
    decode,
    elements,
    instant,
    is_absent,
    market_id,
    optional_price,
    positive,
    price,
    shares,
)


@dataclass(frozen=True, slots=True)
class BookSnapshot:
    """The whole book of one token: it replaces what was known. Levels come in any order."""

    market: MarketId
    token: TokenId
    bids: tuple[Level, ...]
    asks: tuple[Level, ...]
    at: datetime
    digest: str
    tick: Decimal | None


@dataclass(frozen=True, slots=True)
class LevelChange:
    """`shares` is the level's new total, none = the level is gone. Best prices are the venue's own, after the frame."""

    token: TokenId
    side: Side
    price: Price
    shares: Shares
    best_bid: Price | None
    best_ask: Price | None


@dataclass(frozen=True, slots=True)
class PriceChange:
    """Changes of one frame, of either token of the market; they hold together."""

    market: MarketId
    changes: tuple[LevelChange, ...]
    at: datetime


@dataclass(frozen=True, slots=True)
class LastTrade:
    """`taker_side` is the side of who crossed."""

    market: MarketId
    token: TokenId
    price: Price
    shares: Shares
    taker_side: Side
    at: datetime


@dataclass(frozen=True, slots=True)
class TickSizeChange:
    """The book must be read anew after it."""

    market: MarketId
    token: TokenId
    old: Decimal
    new: Decimal
    at: datetime


@dataclass(frozen=True, slots=True)
class BestBidAsk:
    market: MarketId
    token: TokenId
    bid: Price | None
    ask: Price | None
    at: datetime


@dataclass(frozen=True, slots=True)
class MarketResolved:
    """A hint to look: sent at best effort."""

    market: MarketId
    winner: TokenId
    outcome: str
    at: datetime


@dataclass(frozen=True, slots=True)
class NewMarket:
    """Sent for unrelated markets too."""

    market: MarketId
    slug: str
    tokens: tuple[TokenId, ...]
    outcomes: tuple[str, ...]
    at: datetime


@dataclass(frozen=True, slots=True)
class Ignored:
    """A well-formed frame of a kind we have no use for."""

    kind: str


MarketEvent = (
    BookSnapshot | PriceChange | LastTrade | TickSizeChange | BestBidAsk | MarketResolved | NewMarket | Ignored
)


class _Head(msgspec.Struct):
    event_type: str | None = None


class _Shape(msgspec.Struct):
    """Recorded frames of the old channel have no event_type; their fields tell what they are."""

    price_changes: msgspec.Raw = NOTHING
    bids: msgspec.Raw = NOTHING
    new_tick_size: msgspec.Raw = NOTHING
    size: msgspec.Raw = NOTHING


class _Level(msgspec.Struct):
    price: msgspec.Raw
    size: msgspec.Raw


class _Book(msgspec.Struct):
    market: Id
    asset_id: Id
    timestamp: msgspec.Raw
    bids: list[_Level] | None
    asks: list[_Level] | None
    hash: str | None = None
    tick_size: msgspec.Raw = NOTHING


class _Change(msgspec.Struct):
    asset_id: Id
    price: msgspec.Raw
    size: msgspec.Raw
    side: Side
    best_bid: msgspec.Raw = NOTHING
    best_ask: msgspec.Raw = NOTHING


class _PriceChange(msgspec.Struct):
    market: Id
    price_changes: list[_Change]
    timestamp: msgspec.Raw


class _LastTrade(msgspec.Struct):
    market: Id
    asset_id: Id
    price: msgspec.Raw
    size: msgspec.Raw
    side: Side
    timestamp: msgspec.Raw


class _TickSizeChange(msgspec.Struct):
    market: Id
    asset_id: Id
    old_tick_size: msgspec.Raw
    new_tick_size: msgspec.Raw
    timestamp: msgspec.Raw


class _BestBidAsk(msgspec.Struct):
    market: Id
    asset_id: Id
    best_bid: msgspec.Raw
    best_ask: msgspec.Raw
    timestamp: msgspec.Raw


class _MarketResolved(msgspec.Struct):
    market: Id
    winning_asset_id: Id
    timestamp: msgspec.Raw
    winning_outcome: str = ""


class _NewMarket(msgspec.Struct):
    market: Id
    timestamp: msgspec.Raw
    slug: str = ""
    assets_ids: list[Id] | None = None
    outcomes: list[str] | None = None


_Element = str | bytes | msgspec.Raw


def read_market_frame(text: str | bytes) -> Parsed[MarketEvent]:
    """One event or an array of them. What cannot be read is returned beside what can; nothing is raised."""
    events: list[MarketEvent] = []
    malformed: list[VenueFrameError] = []
    try:
        parts = elements(text)
    except VenueFrameError as error:
        return Parsed((), (error,))
    for element in parts:
        try:
            events.append(_event(element))
        except VenueFrameError as error:
            malformed.append(error)
    return Parsed(tuple(events), tuple(malformed))


def read_book(text: _Element) -> BookSnapshot:
    """One `/book` answer. Raises VenueFrameError."""
    raw = decode(text, _Book)
    return BookSnapshot(
        market=market_id(raw.market),
        token=TokenId(raw.asset_id),
        bids=_levels(raw.bids, "bids"),
        asks=_levels(raw.asks, "asks"),
        at=instant(raw.timestamp, "timestamp"),
        digest=raw.hash or "",
        tick=None if is_absent(raw.tick_size) else positive(raw.tick_size, "tick_size"),
    )


def _levels(raw: list[_Level] | None, field: str) -> tuple[Level, ...]:
    if raw is None:
        return ()
    return tuple(Level(price(each.price, f"{field}.price"), shares(each.size, f"{field}.size")) for each in raw)


def _event(element: _Element) -> MarketEvent:
    kind = decode(element, _Head).event_type or _kind_by_shape(element)
    reader = _READERS.get(kind)
    return Ignored(kind[:64]) if reader is None else reader(element)


def _kind_by_shape(element: _Element) -> str:
    shape = decode(element, _Shape)
    for kind, field in (
        ("price_change", shape.price_changes),
        ("book", shape.bids),
        ("tick_size_change", shape.new_tick_size),
        ("last_trade_price", shape.size),
    ):
        if not is_absent(field):
            return kind
    raise VenueFrameError("event_type", "missing", bytes(element) if isinstance(element, msgspec.Raw) else element)


def _price_change(element: _Element) -> PriceChange:
    raw = decode(element, _PriceChange)
    return PriceChange(
        market_id(raw.market),
        tuple(_level_change(each) for each in raw.price_changes),
        instant(raw.timestamp, "timestamp"),
    )


def _level_change(raw: _Change) -> LevelChange:
    return LevelChange(
        token=TokenId(raw.asset_id),
        side=raw.side,
        price=price(raw.price, "price_changes.price"),
        shares=shares(raw.size, "price_changes.size"),
        best_bid=optional_price(raw.best_bid, "price_changes.best_bid"),
        best_ask=optional_price(raw.best_ask, "price_changes.best_ask"),
    )


def _last_trade(element: _Element) -> LastTrade:
    raw = decode(element, _LastTrade)
    return LastTrade(
        market_id(raw.market),
        TokenId(raw.asset_id),
        price(raw.price, "price"),
        shares(raw.size, "size"),
        raw.side,
        instant(raw.timestamp, "timestamp"),
    )


def _tick_size_change(element: _Element) -> TickSizeChange:
    raw = decode(element, _TickSizeChange)
    return TickSizeChange(
        market_id(raw.market),
        TokenId(raw.asset_id),
        positive(raw.old_tick_size, "old_tick_size"),
        positive(raw.new_tick_size, "new_tick_size"),
        instant(raw.timestamp, "timestamp"),
    )


def _best_bid_ask(element: _Element) -> BestBidAsk:
    raw = decode(element, _BestBidAsk)
    return BestBidAsk(
        market_id(raw.market),
        TokenId(raw.asset_id),
        optional_price(raw.best_bid, "best_bid"),
        optional_price(raw.best_ask, "best_ask"),
        instant(raw.timestamp, "timestamp"),
    )


def _market_resolved(element: _Element) -> MarketResolved:
    raw = decode(element, _MarketResolved)
    return MarketResolved(
        market_id(raw.market),
        TokenId(raw.winning_asset_id),
        raw.winning_outcome,
        instant(raw.timestamp, "timestamp"),
    )


def _new_market(element: _Element) -> NewMarket:
    raw = decode(element, _NewMarket)
    return NewMarket(
        market_id(raw.market),
        raw.slug,
        tuple(TokenId(each) for each in raw.assets_ids or []),
        tuple(raw.outcomes or []),
        instant(raw.timestamp, "timestamp"),
    )


_READERS: dict[str, Callable[[_Element], MarketEvent]] = {
    "book": read_book,
    "price_change": _price_change,
    "last_trade_price": _last_trade,
    "tick_size_change": _tick_size_change,
    "best_bid_ask": _best_bid_ask,
    "market_resolved": _market_resolved,
    "new_market": _new_market,
}
