"""Frames of the venue's price stream (PolyBolt). Protocol sheet, section 4 and its corrections in 12."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from enum import StrEnum

import msgspec

from shared.domain.ids import Coin
from shared.venue.errors import VenueFrameError
from shared.venue.frames.market import Ignored
from shared.venue.wire import NOTHING, Parsed, at_milliseconds, decode, elements, is_absent, positive

TWAP_WINDOW_SECONDS = 60
QUOTE = "usd"


class PriceKind(StrEnum):
    SPOT = "price.crypto"
    TWAP = "price.crypto.twap"
    """The average over 60 seconds: what markets settle on."""


@dataclass(frozen=True, slots=True)
class PriceTick:
    """USD per coin at the venue's instant `at`. `seq` counts per connection and channel.

    `dropped` ticks were lost before it. `is_history` marks points of the snapshot that opens a subscription.
    """

    coin: Coin
    kind: PriceKind
    value: Decimal
    at: datetime
    source: str
    seq: int
    dropped: int
    is_history: bool


@dataclass(frozen=True, slots=True)
class PriceAck:
    """`op` is authed, subscribed or unsubscribed; `rid` is the request's own id."""

    op: str
    rid: str
    channel: str


@dataclass(frozen=True, slots=True)
class PriceRefusal:
    rid: str
    channel: str
    code: str


PriceEvent = PriceTick | PriceAck | PriceRefusal | Ignored

_ACKS = frozenset({"authed", "subscribed", "unsubscribed"})
_KINDS = {kind.value: kind for kind in PriceKind}


class _Head(msgspec.Struct):
    op: str | None = None
    channel: str | None = None
    topic: str | None = None


class _Control(msgspec.Struct):
    op: str
    rid: str | int | None = None
    channel: str | None = None
    code: str | int | None = None
    message: str | None = None


class _Point(msgspec.Struct):
    timestamp: int
    full_accuracy_value: msgspec.Raw


class _Payload(msgspec.Struct):
    symbol: str
    source: str
    timestamp: int | None = None
    full_accuracy_value: msgspec.Raw = NOTHING
    data: list[_Point] | None = None
    window_seconds: int | None = None


class _Frame(msgspec.Struct):
    v: int
    channel: str
    seq: int
    ts: int
    payload: _Payload
    snapshot: bool = False
    dropped: int = 0


def read_price_frame(text: str | bytes) -> Parsed[PriceEvent]:
    """A snapshot gives one tick per point. What cannot be read is returned beside what can; nothing is raised."""
    events: list[PriceEvent] = []
    malformed: list[VenueFrameError] = []
    try:
        parts = elements(text)
    except VenueFrameError as error:
        return Parsed((), (error,))
    for element in parts:
        try:
            events.extend(_events(element))
        except VenueFrameError as error:
            malformed.append(error)
    return Parsed(tuple(events), tuple(malformed))


def _events(element: str | bytes | msgspec.Raw) -> list[PriceEvent]:
    head = decode(element, _Head)
    if head.op is not None:
        return [_control(element)]
    kind = _KINDS.get(head.channel or "")
    if kind is None:
        return [Ignored((head.channel or head.topic or "unnamed")[:64])]
    return list(_ticks(decode(element, _Frame), kind))


def _control(element: str | bytes | msgspec.Raw) -> PriceEvent:
    raw = decode(element, _Control)
    rid, channel = str(raw.rid or ""), raw.channel or ""
    if raw.op in _ACKS:
        return PriceAck(raw.op, rid, channel)
    if raw.op == "error":
        return PriceRefusal(rid, channel, str(raw.code or raw.message or "unnamed")[:128])
    return Ignored(raw.op[:64])


def _ticks(frame: _Frame, kind: PriceKind) -> tuple[PriceTick, ...]:
    if frame.v != 1:
        raise VenueFrameError("v", f"{frame.v} where only 1 is understood", frame.channel)
    if frame.seq < 0 or frame.dropped < 0:
        raise VenueFrameError("seq", "below 0", frame.channel)
    if kind is PriceKind.TWAP and frame.payload.window_seconds != TWAP_WINDOW_SECONDS:
        raise VenueFrameError("payload.window_seconds", "not 60", str(frame.payload.window_seconds))
    return tuple(_tick(frame, kind, point) for point in _points(frame))


def _points(frame: _Frame) -> list[_Point]:
    payload = frame.payload
    if frame.snapshot:
        if payload.data is None:
            raise VenueFrameError("payload.data", "missing in a snapshot", payload.symbol)
        return payload.data
    if payload.timestamp is None or is_absent(payload.full_accuracy_value):
        raise VenueFrameError("payload.full_accuracy_value", "missing, or its timestamp", payload.symbol)
    return [_Point(payload.timestamp, payload.full_accuracy_value)]


def _tick(frame: _Frame, kind: PriceKind, point: _Point) -> PriceTick:
    return PriceTick(
        coin=_coin(frame.payload.symbol),
        kind=kind,
        value=positive(point.full_accuracy_value, "payload.full_accuracy_value"),
        at=at_milliseconds(point.timestamp, "payload.timestamp"),
        source=frame.payload.source,
        seq=frame.seq,
        dropped=frame.dropped,
        is_history=frame.snapshot,
    )


def _coin(symbol: str) -> Coin:
    coin = symbol.lower().removesuffix(QUOTE)
    if not coin or coin == symbol.lower():
        raise VenueFrameError("payload.symbol", "not a coin in usd", symbol)
    return Coin(coin)
