"""The journal of one process: what happened between its handlers and the rest of the world, one event a line, in JSON.

With it every decision can be made again, by the same code from the same inputs, and compared.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path
from typing import Any, BinaryIO

import msgspec

BYTES_MAX = 2 * 1024**3
"""Of one file; a journal that grew so far ends, and says so."""


class JournalError(Exception):
    """A journal cannot be read; one line with its name, the line and what is wrong there."""


class Line(msgspec.Struct, frozen=True, array_like=True):
    """One event of a scribe. `number` ties an answer to its question; `value` is plain (see `plain`)."""

    kind: str
    number: int
    name: str
    value: Any


class JournalFile:
    """Appends to a file of its own; when that fails it stops for good, and `failed` hears why."""

    def __init__(self, file: BinaryIO, failed: Callable[[str], None]) -> None:
        self._file: BinaryIO | None = file
        self._failed = failed
        self._bytes = 0

    def write(self, entry: Line) -> None:
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
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    path = folder / f"{name}-{at.strftime('%Y%m%dT%H%M%S.%f')}.jsonl"
    path.touch(mode=0o600, exist_ok=False)  # it holds what the tables hold
    return JournalFile(path.open("ab"), failed)


def journals_of(folder: Path, name: str) -> list[Path]:
    """In the order in which they were begun."""
    return sorted(folder.glob(f"{name}-*.jsonl"))


def read_lines(path: Path) -> Iterator[Line]:
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
_DECODER = msgspec.json.Decoder(Line)
