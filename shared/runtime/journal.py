"""The journal of one process: every input it consumed, in order, with the clock reads it decided by and what it said.

JSON lines, one input a line. With it a decision can be made again, by the same code from the same inputs, and compared.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path
from typing import BinaryIO, Protocol

import msgspec

from shared.domain.clock import Clock

BYTES_MAX = 2 * 1024**3
"""Of one file; a journal that grew so far ends, and says so."""


class JournalError(Exception):
    """A journal cannot be read; one line with its name, the line and what is wrong there."""


class Entry(msgspec.Struct, frozen=True):
    """`reads` are the clock's answers, each with what was asked (now, wall); `said` what the input led to, as text."""

    kind: str
    payload: msgspec.Raw
    reads: tuple[tuple[str, datetime], ...]
    said: tuple[str, ...]


class Journal(Protocol):
    def write(self, entry: Entry) -> None:
        """Never raises: what is journaled matters more than the journal."""
        ...


class ReadingClock:
    """The process's clock, with every answer noted."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._reads: list[tuple[str, datetime]] = []

    def now(self) -> datetime:
        return self._note("now", self._clock.now())

    def wall(self) -> datetime:
        return self._note("wall", self._clock.wall())

    def monotonic_seconds(self) -> float:
        return self._clock.monotonic_seconds()

    def taken(self) -> tuple[tuple[str, datetime], ...]:
        """All since the last call."""
        taken = tuple(self._reads)
        self._reads.clear()
        return taken

    def _note(self, asked: str, answer: datetime) -> datetime:
        self._reads.append((asked, answer))
        return answer


class JournalFile:
    """Appends to a file of its own; when that fails it stops for good, and `failed` hears why."""

    def __init__(self, file: BinaryIO, failed: Callable[[str], None]) -> None:
        self._file: BinaryIO | None = file
        self._failed = failed
        self._bytes = 0

    def write(self, entry: Entry) -> None:
        if self._file is None:
            return
        line = _ENCODER.encode(entry) + b"\n"
        self._bytes += len(line)
        if self._bytes > BYTES_MAX:
            self._end("it is full")
            return
        try:
            self._file.write(line)
            self._file.flush()
        except OSError as error:
            self._end(str(error))

    def close(self) -> None:
        if self._file is not None:
            self._file.close()
            self._file = None

    def _end(self, reason: str) -> None:
        self._file = None
        self._failed(reason)


def open_journal(folder: Path, name: str, at: datetime, failed: Callable[[str], None]) -> JournalFile:
    """A new file named after the process and its start. Raises OSError."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{name}-{at.strftime('%Y%m%dT%H%M%S.%f')}.jsonl"
    return JournalFile(path.open("xb"), failed)


def journals_of(folder: Path, name: str) -> list[Path]:
    """In the order in which they were begun."""
    return sorted(folder.glob(f"{name}-*.jsonl"))


def read_journal(path: Path) -> Iterator[Entry]:
    """A last line that a crash cut off is left out. Raises JournalError."""
    try:
        lines = path.read_bytes().split(b"\n")
    except OSError as error:
        raise JournalError(f"{path}: cannot be read: {error}") from None
    for number, line in enumerate(lines[:-1], start=1):
        try:
            yield _DECODER.decode(line)
        except (msgspec.MsgspecError, ValueError) as error:
            raise JournalError(f"{path}: line {number}: {error}") from None


_ENCODER = msgspec.json.Encoder()
_DECODER = msgspec.json.Decoder(Entry)
