"""Reading other people's files: every defect becomes one line that names the file and the place."""

import csv
import gzip
import json
import zlib
from collections.abc import Callable, Iterator
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any, TextIO, TypeAlias, TypeVar, cast

Row: TypeAlias = dict[str, str]
T = TypeVar("T")


class CorruptInputError(Exception):
    """The input cannot be converted; the text names the file, the line and what is wrong there."""


def csv_rows(path: Path, columns: frozenset[str]) -> Iterator[tuple[int, Row]]:
    """Yields (line number, row) of a CSV file, plain or gzip, that has at least `columns`. Raises CorruptInputError."""
    with _opened(path) as text:
        reader = csv.DictReader(text, strict=True)
        missing = columns - set(_guarded(path, lambda: reader.fieldnames) or ())
        if missing:
            raise CorruptInputError(f"{path}: no column {', '.join(sorted(missing))}")
        while (row := _guarded(path, lambda: next(reader, None))) is not None:
            if None in row or None in row.values():
                raise CorruptInputError(f"{path}:{reader.line_num}: wrong number of columns")
            yield reader.line_num, row


def json_lines(path: Path) -> Iterator[tuple[int, dict[str, Any]]]:
    """Yields (line number, object) of a JSON lines file, plain or gzip. Raises CorruptInputError."""
    with _opened(path) as text:
        number = 0
        while line := _guarded(path, text.readline):
            number += 1
            try:
                value = json.loads(line)
            except ValueError:
                raise CorruptInputError(f"{path}:{number}: not JSON") from None
            if not isinstance(value, dict):
                raise CorruptInputError(f"{path}:{number}: not a JSON object")
            yield number, cast("dict[str, Any]", value)


def number(path: Path, line: int, name: str, value: object) -> Decimal:
    """Reads a finite decimal. Raises CorruptInputError."""
    try:
        read = Decimal(str(value))
    except InvalidOperation:
        read = Decimal("NaN")
    if not read.is_finite():
        raise CorruptInputError(f"{path}:{line}: {name} is not a number: {str(value)[:40]!r}")
    return read


def found(folder: Path, pattern: str) -> list[Path]:
    """Returns the files of `folder` that match, by name. Raises CorruptInputError when there are none."""
    files = sorted(folder.glob(pattern))
    if not files:
        raise CorruptInputError(f"{folder}: no file {pattern}; is this the right folder?")
    return files


def only(folder: Path, pattern: str) -> Path:
    """Returns the one file of `folder` that matches. Raises CorruptInputError when it is none or several."""
    files = found(folder, pattern)
    if len(files) > 1:
        raise CorruptInputError(f"{folder}: {len(files)} files {pattern}; leave one")
    return files[0]


def _opened(path: Path) -> TextIO:
    try:
        if path.suffix == ".gz":
            return gzip.open(path, "rt", encoding="utf-8", newline="")
        return path.open(encoding="utf-8", newline="")
    except OSError as error:
        raise CorruptInputError(f"{path}: {error.strerror or error}") from None


def _guarded(path: Path, read: Callable[[], T]) -> T:
    try:
        return read()
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        raise CorruptInputError(f"{path}: the compressed data is damaged or cut short ({error})") from None
    except UnicodeDecodeError:
        raise CorruptInputError(f"{path}: not UTF-8 text") from None
    except csv.Error as error:
        raise CorruptInputError(f"{path}: not CSV ({error})") from None
    except OSError as error:
        raise CorruptInputError(f"{path}: {error.strerror or error}") from None
