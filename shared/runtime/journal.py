"""The journal of one process: what happened between its handlers and the rest of the world, one event a line, in JSON.

With it every decision can be made again, by the same code from the same inputs, and compared.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterable, Iterator
from datetime import datetime
from itertools import count, groupby
from pathlib import Path
from typing import Any, BinaryIO

import msgspec

PART_BYTES = 256 * 1024**2
"""Of one file; what follows goes into the next one."""
FREE_BYTES_MIN = 2 * 1024**3
"""Left on the disk to those who need it more; a journal that would take of it ends, and says so."""


class JournalError(Exception):
    """A journal cannot be read; one line with its name, the line and what is wrong there."""


class Line(msgspec.Struct, frozen=True, array_like=True):
    """One event of a scribe. `number` ties an answer to its question; `value` is plain (see `plain`)."""

    kind: str
    number: int
    name: str
    value: Any


class Journal:
    """Appends to the files that `parts` opens, one after the other, each of about `part_bytes`; when that fails it
    stops for good, and `failed` hears why. Raises OSError when even the first cannot be opened."""

    def __init__(self, parts: Iterator[BinaryIO], failed: Callable[[str], None], part_bytes: int = PART_BYTES) -> None:
        self._parts = parts
        self._failed = failed
        self._part_bytes = part_bytes
        self._written_bytes = 0
        self._file: BinaryIO | None = next(parts)

    def write(self, entry: Line) -> None:
        if self._file is None:
            return
        try:
            self._append(self._file, _ENCODER.encode(entry) + b"\n")
        except OSError as error:
            self._file = None
            self._failed(str(error))

    def close(self) -> None:
        if self._file is not None:
            self._file.close()
            self._file = None

    def _append(self, file: BinaryIO, line: bytes) -> None:
        if self._written_bytes >= self._part_bytes:
            file.close()
            self._file = file = next(self._parts)
            self._written_bytes = 0
        file.write(line)
        file.flush()
        self._written_bytes += len(line)


def open_journal(
    folder: Path, name: str, at: datetime, failed: Callable[[str], None], part_bytes: int = PART_BYTES
) -> Journal:
    """Files named after the process and its start. Raises OSError."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    return Journal(_parts(folder, f"{name}-{at.strftime('%Y%m%dT%H%M%S.%f')}"), failed, part_bytes)


def _parts(folder: Path, stem: str) -> Iterator[BinaryIO]:
    """Raises OSError."""
    for number in count(1):
        if shutil.disk_usage(folder).free < FREE_BYTES_MIN:
            raise OSError(f"less than {FREE_BYTES_MIN // 1024**3} GB are free on the disk")
        path = folder / f"{stem}.{number:04}.jsonl"
        path.touch(mode=0o600, exist_ok=False)  # it holds what the tables hold
        yield path.open("ab")


def journals_of(folder: Path, name: str) -> list[list[Path]]:
    """The parts of each, in the order in which they were begun."""
    paths = sorted(folder.glob(f"{name}-*.jsonl"))
    return [list(parts) for _, parts in groupby(paths, journal_name)]


def journal_name(part: Path) -> str:
    """The service and its start: `bidder-20261129T192003.811546`."""
    return part.name.rsplit(".", 2)[0]


def read_lines(parts: Iterable[Path]) -> Iterator[Line]:
    """A last line that a crash cut off is left out. Raises JournalError."""
    for part in parts:
        try:
            with part.open("rb") as file:
                for number, line in enumerate(file, start=1):
                    if line.endswith(b"\n"):
                        yield _decoded(part, number, line)
        except OSError as error:
            raise JournalError(f"{part}: cannot be read: {error}") from None


def _decoded(part: Path, number: int, line: bytes) -> Line:
    try:
        return _DECODER.decode(line)
    except (msgspec.MsgspecError, ValueError) as error:
        raise JournalError(f"{part}: line {number}: {error}") from None


_ENCODER = msgspec.json.Encoder()
_DECODER = msgspec.json.Decoder(Line)
