"""A recording (docs/recording.md): what the venue sent during some slots, one frame a line, gzip-compressed."""

import gzip
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, cast

import msgspec
from msgspec import Struct

from venue_sim.book import LOT, Levels
from venue_sim.orders import BookSide
from venue_sim.prices import Tick
from venue_sim.units import ONE, parse_amount, parse_price


class CorruptRecordingError(Exception):
    """Names the file, the line and what is wrong with it."""


class SlotHeader(Struct, frozen=True):
    slug: str
    start: int
    end: int
    coin: str
    whole: bool
    outcomes: list[str]
    tokens: list[str]
    condition_id: str = ""
    tick: str = "0.01"
    min_shares: str = "5"
    taker_fee_rate: str = "0.07"
    winner: int | None = None


class Header(Struct, frozen=True):
    format: Literal["tdmaker-recording"]
    version: Literal[1]
    depth: Literal["full", "top"]
    price_source: str
    slots: list[SlotHeader]


class Line(Struct, frozen=True):
    t: int
    source: str
    payload: Any


@dataclass(frozen=True, slots=True)
class BookState:
    """The whole book of a moment in the Up frame: shares by price."""

    bids: Levels
    asks: Levels


@dataclass(frozen=True, slots=True)
class Print:
    """Someone's trade in the Up frame: the taker's side of the book, its price, its shares."""

    side: BookSide
    price: int
    shares: int


Event = BookState | Print


@dataclass(slots=True)
class RecordedSlot:
    """`events` are (domain ms since the slot's start, event)."""

    header: SlotHeader
    events: list[tuple[int, Event]] = field(default_factory=list[tuple[int, Event]])

    @property
    def duration(self) -> int:
        return self.header.end - self.header.start

    @property
    def min_shares(self) -> int:
        return parse_amount(self.header.min_shares)

    @property
    def taker_fee_ppm(self) -> int:
        return parse_amount(self.header.taker_fee_rate)

    def last_mid_up(self) -> bool:
        """Does the last recorded book favour Up?"""
        books = [event for _, event in self.events if isinstance(event, BookState)]
        if not books:
            return True
        bid, ask = max(books[-1].bids, default=0), min(books[-1].asks, default=ONE)
        return bid + ask >= ONE


@dataclass(slots=True)
class Recording:
    """`ticks` are (recorded domain ms, price tick) in order."""

    depth: Literal["full", "top"]
    slots: list[RecordedSlot]
    ticks: list[tuple[int, Tick]]

    def whole(self, coin: str, duration: int) -> list[RecordedSlot]:
        return [slot for slot in self.slots if slot.header.coin == coin and slot.duration == duration]

    def series(self) -> list[tuple[str, int]]:
        """(coin, duration) of what can be played, in the order of the header."""
        return list(dict.fromkeys((slot.header.coin, slot.duration) for slot in self.slots))


def load(path: Path) -> Recording:
    """Reads a recording. Raises CorruptRecordingError."""
    reader = _Reader()
    try:
        for raw in _lines(path):
            reader.read(raw)
        return reader.finish()
    except (OSError, EOFError, zlib.error) as error:
        raise CorruptRecordingError(f"{path}: cannot be read: {error}") from error
    except (msgspec.MsgspecError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise CorruptRecordingError(f"{path}: line {reader.line_number}: {type(error).__name__}: {error}") from error


def _lines(path: Path) -> Iterator[bytes]:
    opener = gzip.open if path.suffix == ".gz" else Path.open
    with cast("Any", opener)(path, "rb") as stream:
        yield from stream


class _Reader:
    """Folds frames into whole-book events per slot; one outcome's books speak for the market.

    The two tokens' books are the same book, yet their frames arrive apart: mixing them would invent moves.
    """

    def __init__(self) -> None:
        self.line_number = 0
        self._header: Header | None = None
        self._last_t = 0
        self._tokens: dict[str, tuple[RecordedSlot, int]] = {}
        self._books: dict[str, dict[BookSide, Levels]] = {}
        self._events: dict[str, list[tuple[int, Event]]] = {}
        self._slots: list[RecordedSlot] = []
        self._ticks: list[tuple[int, Tick]] = []

    def read(self, raw: bytes) -> None:
        """Takes the next line. Raises ValueError and the like on a bad one."""
        self.line_number += 1
        line = msgspec.json.decode(raw, type=Line)
        if self._header is None:
            if line.source != "header":
                raise ValueError("the first line is not a header")
            self._open(msgspec.convert(line.payload, Header))
            return
        if line.t < self._last_t:
            raise ValueError("time runs backwards")
        self._last_t = line.t
        if line.source == "clob.market":
            payload: Any = line.payload
            frames = cast("list[Any]", payload) if isinstance(payload, list) else [payload]
            for frame in frames:
                self._market_frame(line.t, frame)
        elif line.source == "price":
            self._price_frame(line.t, line.payload)

    def finish(self) -> Recording:
        if self._header is None:
            raise ValueError("the recording is empty")
        for slot in self._slots:
            own = [self._events.get(token, []) for token in slot.header.tokens]
            slot.events = own[0] or own[1]
        if not self._slots:
            raise ValueError("no slot of the recording is whole")
        return Recording(self._header.depth, self._slots, self._ticks)

    def _open(self, header: Header) -> None:
        self._header = header
        self._slots = [RecordedSlot(slot) for slot in header.slots if slot.whole]
        for slot in self._slots:
            self._tokens.update({token: (slot, outcome) for outcome, token in enumerate(slot.header.tokens)})

    def _market_frame(self, t: int, frame: dict[str, Any]) -> None:
        kind = frame.get("event_type")
        if kind == "book":
            self._book(t, frame)
        elif kind == "price_change":
            self._changes(t, frame["price_changes"])
        elif kind == "last_trade_price":
            self._print(t, frame)

    def _book(self, t: int, frame: dict[str, Any]) -> None:
        token = frame["asset_id"]
        if token in self._tokens:
            self._books[token] = {
                "bid": _levels(frame.get("bids") or frame.get("buys") or []),
                "ask": _levels(frame.get("asks") or frame.get("sells") or []),
            }
            self._state(t, token)

    def _changes(self, t: int, changes: list[dict[str, Any]]) -> None:
        touched: dict[str, None] = {}
        for change in changes:
            token = change["asset_id"]
            if token not in self._tokens or token not in self._books:
                continue
            levels = self._books[token]["bid" if change["side"] == "BUY" else "ask"]
            price, shares = parse_price(change["price"]), _lots(change["size"])
            levels.pop(price, None)
            if shares:
                levels[price] = shares
            touched[token] = None
        for token in touched:
            self._state(t, token)

    def _state(self, t: int, token: str) -> None:
        slot, outcome = self._tokens[token]
        bids, asks = self._books[token]["bid"], self._books[token]["ask"]
        if outcome == 1:
            bids, asks = _mirror(asks), _mirror(bids)
        self._add(t, token, slot, BookState(dict(bids), dict(asks)))

    def _print(self, t: int, frame: dict[str, Any]) -> None:
        token = frame["asset_id"]
        if token not in self._tokens or not frame.get("size"):
            return
        slot, outcome = self._tokens[token]
        price = parse_price(frame["price"])
        side: BookSide = "bid" if (frame["side"] == "BUY") == (outcome == 0) else "ask"
        self._add(t, token, slot, Print(side, price if outcome == 0 else ONE - price, _lots(frame["size"])))

    def _add(self, t: int, token: str, slot: RecordedSlot, event: Event) -> None:
        offset = t - slot.header.start * 1000
        if offset < slot.duration * 1000:
            self._events.setdefault(token, []).append((offset, event))

    def _price_frame(self, t: int, frame: dict[str, Any]) -> None:
        payload = frame["payload"]
        points = payload["data"] if frame.get("snapshot") else [payload]
        for point in points:
            text = str(point.get("full_accuracy_value", point["value"]))
            tick = Tick(frame["channel"], payload["symbol"], int(point["timestamp"]), text, str(payload["source"]))
            self._ticks.append((t, tick))


def _levels(levels: list[dict[str, str]]) -> Levels:
    parsed = {parse_price(level["price"]): _lots(level["size"]) for level in levels}
    return {price: shares for price, shares in parsed.items() if shares and 0 < price < ONE}


def _mirror(levels: Levels) -> Levels:
    return {ONE - price: shares for price, shares in levels.items()}


def _lots(text: str) -> int:
    """Whole hundredths of a share: the venue's own granularity of sizes."""
    return parse_amount(text) // LOT * LOT
