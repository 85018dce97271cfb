"""A recording (docs/recording.md) as typed events, read as fast as a replay needs it."""

from __future__ import annotations

import gzip
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import IO, Literal

import msgspec
from msgspec import Raw, Struct

from lab.replay.levels import Change, Levels, TextLevel, number

CHUNK_BYTES = 1 << 18
GAP_MS = 60_000
SPOT = "price.crypto"
AVERAGE = "price.crypto.twap"

Progress = Callable[[int, int], None]
"""Packed bytes read so far, and in all."""


class BadRecordingError(Exception):
    """The file cannot be replayed; one line with its name, the line and what is wrong there."""


class Slot(Struct, frozen=True):
    """A market of the header; `start` and `end` are unix seconds, `winner` an index into `outcomes`."""

    slug: str
    start: int
    end: int
    coin: str
    whole: bool
    outcomes: list[str]
    tokens: list[str]
    condition_id: str
    tick: str = "0.01"
    min_shares: str = "5"
    taker_fee_rate: str = "0.07"
    winner: int | None = None


class Header(Struct, frozen=True):
    format: Literal["tdmaker-recording"]
    version: Literal[1]
    depth: Literal["full", "top"]
    price_source: Literal["recorded", "synthetic", "none"]
    slots: list[Slot]
    attribution: str = ""
    licence: str = ""
    stand_in: list[str] = []
    settlement: Literal["twap60", "last_price"] = "twap60"


class TopSeen(Struct, frozen=True, gc=False):
    """Best bid and ask of a token as the venue spelled them, at `t` ms; None is an empty side."""

    t: int
    token: str
    bid: TextLevel | None
    ask: TextLevel | None


class TickChanged(Struct, frozen=True, gc=False):
    t: int
    token: str
    tick: Decimal


class PriceSeen(Struct, frozen=True, gc=False):
    """A coin's price in dollars, stamped `at` ms: a spot, or the venue's own 60 s average."""

    t: int
    coin: str
    at: int
    price: Decimal
    is_average: bool


Event = TopSeen | TickChanged | PriceSeen


@dataclass(slots=True)
class Counts:
    """What was in the file; a gap is more than a minute between two lines."""

    frames: int = 0
    books: int = 0
    prices: int = 0
    unknown_sources: int = 0
    malformed: int = 0
    gaps: int = 0
    longest_gap_ms: int = 0


class _Line(Struct):
    t: int
    source: str
    payload: Raw


class _MarketFrame(Struct):
    event_type: str
    asset_id: str = ""
    bids: list[TextLevel] | None = None
    asks: list[TextLevel] | None = None
    price_changes: list[Change] | None = None
    new_tick_size: str = ""


class _Point(Struct):
    symbol: str
    timestamp: int
    full_accuracy_value: str


class _PriceFrame(Struct):
    channel: str
    payload: _Point


_LINES = msgspec.json.Decoder(_Line)
_MARKET = msgspec.json.Decoder(_MarketFrame)
_MARKETS = msgspec.json.Decoder(list[_MarketFrame])
_PRICE = msgspec.json.Decoder(_PriceFrame)
_HEADER = msgspec.json.Decoder(Header)


@dataclass(slots=True)
class Frames:
    """One pass over a file. `header` is there once `open_frames` returned, `counts` grow as events are taken."""

    path: Path
    header: Header
    counts: Counts
    _lines: Iterator[bytes]
    _first_t: int
    _levels: Levels = field(default_factory=Levels)

    def events(self) -> Iterator[Event]:
        """In the file's order. A frame that cannot be read is counted and passed over. Raises BadRecordingError."""
        last_t, line_number = self._first_t, 1
        for raw in self._lines:
            line_number += 1
            try:
                line = _LINES.decode(raw)
            except msgspec.MsgspecError as error:
                raise BadRecordingError(f"{self.path}: line {line_number}: {error}") from None
            if line.t < last_t:
                raise BadRecordingError(f"{self.path}: line {line_number}: time goes back by {last_t - line.t} ms")
            if line.t - last_t > GAP_MS and line_number > 2:
                self._gap(line.t - last_t)
            last_t = line.t
            try:
                yield from self._read(line)
            except (msgspec.MsgspecError, ValueError):
                self.counts.malformed += 1

    def _gap(self, gap_ms: int) -> None:
        self.counts.gaps += 1
        self.counts.longest_gap_ms = max(self.counts.longest_gap_ms, gap_ms)

    def _read(self, line: _Line) -> Iterator[Event]:
        self.counts.frames += 1
        if line.source == "clob.market":
            if bytes(memoryview(line.payload)[:1]) == b"[":
                return self._each(line.t, _MARKETS.decode(line.payload))
            return self._market(line.t, _MARKET.decode(line.payload))
        if line.source == "price":
            return self._price(line.t, _PRICE.decode(line.payload))
        if line.source != "gamma":
            self.counts.unknown_sources += 1
        return iter(())

    def _each(self, t: int, frames: list[_MarketFrame]) -> Iterator[Event]:
        for frame in frames:
            yield from self._market(t, frame)

    def _market(self, t: int, frame: _MarketFrame) -> Iterator[Event]:
        if frame.event_type == "book":
            self.counts.books += 1
            bid, ask = self._levels.replace(frame.asset_id, frame.bids or [], frame.asks or [])
            return iter((TopSeen(t, frame.asset_id, bid, ask),))
        if frame.event_type == "price_change":
            self.counts.books += 1
            tops = self._levels.change(frame.price_changes or [])
            return iter([TopSeen(t, token, bid, ask) for token, bid, ask in tops])
        if frame.event_type == "tick_size_change":
            return iter((TickChanged(t, frame.asset_id, number(frame.new_tick_size)),))
        return iter(())

    def _price(self, t: int, frame: _PriceFrame) -> Iterator[Event]:
        self.counts.prices += 1
        point = frame.payload
        if frame.channel not in {SPOT, AVERAGE}:
            return iter(())
        coin, price = point.symbol.removesuffix("usd"), number(point.full_accuracy_value)
        return iter((PriceSeen(t, coin, point.timestamp, price, frame.channel == AVERAGE),))


def open_frames(path: Path, progress: Progress | None = None) -> Frames:
    """Reads the header. Raises BadRecordingError."""
    lines = _lines(path, progress)
    first = next(lines, None)
    if first is None:
        raise BadRecordingError(f"{path}: empty, not even a header")
    try:
        line = _LINES.decode(first)
        if line.source != "header":
            raise BadRecordingError(f"{path}: line 1: no header but {line.source}")
        return Frames(path, _HEADER.decode(line.payload), Counts(), lines, line.t)
    except msgspec.MsgspecError as error:
        raise BadRecordingError(f"{path}: line 1: not a header of this format: {error}") from None


def _lines(path: Path, progress: Progress | None) -> Iterator[bytes]:
    try:
        with path.open("rb") as packed:
            yield from _unpacked(packed, path, progress)
    except EOFError:
        raise BadRecordingError(f"{path}: ends early, the file was cut off") from None
    except (OSError, zlib.error) as error:
        raise BadRecordingError(f"{path}: cannot be read: {error}") from None


def _unpacked(packed: IO[bytes], path: Path, progress: Progress | None) -> Iterator[bytes]:
    size, rest = path.stat().st_size, b""
    with gzip.GzipFile(fileobj=packed, mode="rb") as text:
        while chunk := text.read(CHUNK_BYTES):
            lines = (rest + chunk).split(b"\n")
            rest = lines.pop()
            yield from lines
            if progress is not None:
                progress(packed.tell(), size)
    if rest:
        yield rest
