"""Feeds a journal to the very bidder that wrote it, and holds what it decides now against what it decided then."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, TypeVar

import msgspec

from lab.replay.instants import EPOCH
from lab.replay.run import FAIR_VALUES
from services.bidder.adapters.journaled import AccountSeen, JournaledBidder, Opened
from services.bidder.domain.judge import Judge
from services.bidder.domain.outlook import FairOutlook
from services.bidder.ports import Tables
from shared.messages.discovery import ReferencePrice, TopChanged
from shared.messages.envelope import Envelope, MessageError, decode_money
from shared.runtime.journal import Entry, JournalError, ReadingClock, journals_of, read_journal

T = TypeVar("T")
SERVICE = "bidder"
DIFFERENCES_KEPT = 20


@dataclass(frozen=True, slots=True)
class Difference:
    """At which input, counted from 1 after the first line, and what was said then and now."""

    journal: str
    input: int
    kind: str
    then: tuple[str, ...]
    now: tuple[str, ...]


@dataclass(slots=True)
class Compared:
    """`said` counts decisions and intents of the journals; the first differences are kept."""

    journals: int
    inputs: int
    said: int
    differing: int
    differences: list[Difference]


class _Then:
    """The clock of the journal: it answers what was answered then, and the last answer where more is asked."""

    def __init__(self) -> None:
        self._answers: dict[str, list[datetime]] = {"now": [], "wall": []}
        self._last: dict[str, datetime] = {}

    def expect(self, reads: tuple[tuple[str, datetime], ...]) -> None:
        for asked, answers in self._answers.items():
            answers[:] = [answer for each, answer in reads if each == asked]
            if answers:
                self._last[asked] = answers[-1]

    def now(self) -> datetime:
        return self._next("now")

    def wall(self) -> datetime:
        return self._next("wall")

    def monotonic_seconds(self) -> float:
        return 0.0

    def _next(self, asked: str) -> datetime:
        answers = self._answers[asked]
        return answers.pop(0) if answers else self._last.get(asked, EPOCH)


class _Sink:
    """Journal and intents of the bidder that runs again."""

    def __init__(self) -> None:
        self.entry: Entry | None = None

    def write(self, entry: Entry) -> None:
        self.entry = entry

    def send(self, subject: str, envelope: Envelope) -> None:
        """Nobody trades on it."""


def compare(folder: Path) -> Compared:
    """Every journal of the bidder in the folder. Raises JournalError."""
    paths = journals_of(folder, SERVICE)
    if not paths:
        raise JournalError(f"{folder}: no journal of the {SERVICE}")
    compared = Compared(len(paths), 0, 0, 0, [])
    for path in paths:
        asyncio.run(_compare(path, compared))
    return compared


async def _compare(path: Path, compared: Compared) -> None:
    entries = read_journal(path)
    clock, sink = _Then(), _Sink()
    bidder = _bidder(path, entries, clock, sink)
    for number, then in enumerate(entries, start=1):
        clock.expect(then.reads)
        await _feed(path, bidder, then)
        compared.inputs += 1
        compared.said += len(then.said)
        now = sink.entry
        if now is None or (now.said, now.reads) != (then.said, then.reads):
            compared.differing += 1
            if len(compared.differences) < DIFFERENCES_KEPT:
                said = () if now is None else now.said
                compared.differences.append(Difference(path.name, number, then.kind, then.said, said))


def _bidder(path: Path, entries: Iterator[Entry], clock: _Then, sink: _Sink) -> JournaledBidder:
    first = next(entries, None)
    if first is None or first.kind != "opened":
        raise JournalError(f"{path}: line 1: not the beginning of a journal")
    opened = _read(path, Opened, first)
    model = FAIR_VALUES.get(opened.fair_value_model)
    if model is None:
        raise JournalError(f"{path}: line 1: unknown fair value model {opened.fair_value_model}")
    outlook = FairOutlook(model(), opened.stale_seconds)
    return JournaledBidder(Judge(opened.rules, outlook.p_up), opened, ReadingClock(clock), sink, outlook, sink)


async def _feed(path: Path, bidder: JournaledBidder, entry: Entry) -> None:
    try:
        await _call(path, bidder, entry)
    except MessageError:
        """It was refused then, too."""


async def _call(path: Path, bidder: JournaledBidder, entry: Entry) -> None:
    match entry.kind:
        case "open":
            bidder.open()
        case "look":
            bidder.look()
        case "top":
            bidder.on_top(_read(path, TopChanged, entry))
        case "remembered_top":
            bidder.on_remembered_top(_read(path, TopChanged, entry))
        case "price":
            bidder.on_price(_read(path, ReferencePrice, entry))
        case "account":
            seen = _read(path, AccountSeen, entry)
            bidder.on_account(seen.trading_state, seen.headroom, seen.version)
        case "tables":
            bidder.restore(_read(path, Tables, entry))
        case _:
            await _tell(path, bidder, entry)


async def _tell(path: Path, bidder: JournaledBidder, entry: Entry) -> None:
    facts = {
        "market": bidder.on_market,
        "order": bidder.on_order,
        "fill": bidder.on_fill,
        "trading_state": bidder.on_trading_state,
    }
    if entry.kind not in facts:
        raise JournalError(f"{path}: unknown input {entry.kind}")
    await facts[entry.kind](_read(path, Envelope, entry))


def _read(path: Path, kind: type[T], entry: Entry) -> T:
    decoder = _DECODERS.get(kind)
    if decoder is None:
        decoder = _DECODERS[kind] = msgspec.json.Decoder(kind, dec_hook=decode_money)
    try:
        return decoder.decode(entry.payload)
    except (msgspec.MsgspecError, ValueError) as error:
        raise JournalError(f"{path}: an input of kind {entry.kind} cannot be read: {error}") from None


_DECODERS: dict[type, msgspec.json.Decoder[Any]] = {}
