"""A recording (docs/recording.md) as typed events, read as fast as a replay needs it."""

from __future__ import annotations

import gzip
import zlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from itertools import chain
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


class _Point(Struct, gc=False):
    symbol: str = ""
    timestamp: int = 0
    full_accuracy_value: str = ""


class _Frame(Struct, gc=False):
    """The keys we read of market and price frames in one, so that a line is decoded in one go."""

    event_type: str = ""
    asset_id: str = ""
    bids: list[TextLevel] | None = None
    asks: list[TextLevel] | None = None
    price_changes: list[Change] | None = None
    new_tick_size: str = ""
    channel: str = ""
    payload: _Point | None = None


class _Line(Struct, gc=False):
    t: int
    source: str
    payload: _Frame


class _RawLine(Struct):
    t: int
    source: str
    payload: Raw


_LINES = msgspec.json.Decoder(_Line)
_RAW_LINES = msgspec.json.Decoder(_RawLine)
_FRAME = msgspec.json.Decoder(_Frame)
_FRAMES = msgspec.json.Decoder(list[_Frame])
_HEADER = msgspec.json.Decoder(Header)
_OTHER = _Frame()


@dataclass(slots=True)
class Frames:
    """One pass over a file. `header` is there once `open_frames` returned, `counts` grow as events are taken."""

    path: Path
    header: Header
    counts: Counts
    _blocks: Iterator[bytes]
    _last_t: int
    _lines_read: int = 1
    _levels: Levels = field(default_factory=Levels)

    def events(self) -> Iterator[Event]:
        """In the file's order. A frame that cannot be read is counted and passed over. Raises BadRecordingError."""
        counts, replace_book = self.counts, self._levels.replace
        for block in self._blocks:
            for line in self._decoded(block):
                t, source, frame = line.t, line.source, line.payload
                if not 0 <= t - self._last_t <= GAP_MS:
                    self._mind_gap(t)
                self._last_t = t
                counts.frames += 1
                try:
                    if frame.event_type == "book" and source == "clob.market":
                        counts.books += 1
                        yield TopSeen(t, frame.asset_id, *replace_book(frame.asset_id, frame.bids, frame.asks))
                    elif source == "clob.market":
                        yield from self._market(t, frame)
                    elif source == "price":
                        yield from self._price(t, frame)
                    elif source != "gamma":
                        self.counts.unknown_sources += 1
                except ValueError:
                    self.counts.malformed += 1

    def _decoded(self, block: bytes) -> Iterable[_Line]:
        """Many lines at once, or one by one where one of them is odd."""
        first_number = self._lines_read + 1
        self._lines_read += block.count(b"\n") + 1
        try:
            return _LINES.decode_lines(block)
        except msgspec.MsgspecError:
            numbered = enumerate(block.split(b"\n"), start=first_number)
            return chain.from_iterable(self._one_by_one(number, raw) for number, raw in numbered)

    def _one_by_one(self, line_number: int, raw: bytes) -> Iterator[_Line]:
        try:
            line = _RAW_LINES.decode(raw)
        except msgspec.MsgspecError as error:
            raise BadRecordingError(f"{self.path}: line {line_number}: {error}") from None
        if line.source not in {"clob.market", "price"}:
            yield _Line(line.t, line.source, _OTHER)
            return
        try:
            for frame in _frames(bytes(line.payload)):
                yield _Line(line.t, line.source, frame)
        except msgspec.MsgspecError:
            self.counts.malformed += 1

    def _mind_gap(self, t: int) -> None:
        passed_ms = t - self._last_t
        if passed_ms < 0:
            raise BadRecordingError(f"{self.path}: time goes back by {-passed_ms} ms after {self._last_t}")
        self.counts.gaps += 1
        self.counts.longest_gap_ms = max(self.counts.longest_gap_ms, passed_ms)

    def _market(self, t: int, frame: _Frame) -> Sequence[Event]:
        """Of all but whole books. Raises ValueError for text that is no number."""
        if frame.event_type == "price_change":
            self.counts.books += 1
            tops = self._levels.change(frame.price_changes or [])
            return [TopSeen(t, token, bid, ask) for token, bid, ask in tops]
        if frame.event_type == "tick_size_change":
            return (TickChanged(t, frame.asset_id, number(frame.new_tick_size)),)
        return ()

    def _price(self, t: int, frame: _Frame) -> Sequence[Event]:
        """Raises ValueError for text that is no number."""
        self.counts.prices += 1
        point = frame.payload
        if frame.channel not in {SPOT, AVERAGE} or point is None:
            return ()
        coin, price = point.symbol.removesuffix("usd"), number(point.full_accuracy_value)
        return (PriceSeen(t, coin, point.timestamp, price, frame.channel == AVERAGE),)


def _frames(payload: bytes) -> Sequence[_Frame]:
    """Raises MsgspecError. The venue may send an array of frames."""
    return _FRAMES.decode(payload) if payload.startswith(b"[") else (_FRAME.decode(payload),)


def open_frames(path: Path, progress: Progress | None = None) -> Frames:
    """Reads the header. Raises BadRecordingError."""
    blocks = _guarded(path, progress)
    first, _, rest = next(blocks, b"").partition(b"\n")
    if not first:
        raise BadRecordingError(f"{path}: empty, not even a header")
    try:
        line = _RAW_LINES.decode(first)
        if line.source != "header":
            raise BadRecordingError(f"{path}: line 1: no header but {line.source}")
        return Frames(path, _HEADER.decode(line.payload), Counts(), chain((rest,), blocks), line.t)
    except msgspec.MsgspecError as error:
        raise BadRecordingError(f"{path}: line 1: not a header of this format: {error}") from None


def _guarded(path: Path, progress: Progress | None) -> Iterator[bytes]:
    try:
        with path.open("rb") as packed:
            yield from _blocks(packed, path.stat().st_size, progress)
    except EOFError:
        raise BadRecordingError(f"{path}: ends early, the file was cut off") from None
    except (OSError, zlib.error) as error:
        raise BadRecordingError(f"{path}: cannot be read: {error}") from None


def _blocks(packed: IO[bytes], size: int, progress: Progress | None) -> Iterator[bytes]:
    """Whole lines, many at a time."""
    rest = b""
    with gzip.GzipFile(fileobj=packed, mode="rb") as text:
        while chunk := text.read(CHUNK_BYTES):
            lines, newline, rest = (rest + chunk).rpartition(b"\n")
            if newline:
                yield lines
            if progress is not None:
                progress(packed.tell(), size)
    if rest:
        yield rest
