"""The children's log files: kept within bounds, and their errors counted."""

import json
import shutil
from collections import deque
from dataclasses import dataclass, field
from pathlib import Path
from typing import cast

LOG_MAX_BYTES = 20_000_000
REMEMBERED_ERRORS = 5
SEVERE = frozenset({"error", "critical"})


@dataclass(slots=True)
class LogWatch:
    """Reads what was appended since the last look. Children append, so a file can be cut beneath them."""

    paths: tuple[Path, ...]
    max_bytes: int = LOG_MAX_BYTES
    errors: int = 0
    last_errors: deque[str] = field(default_factory=lambda: deque(maxlen=REMEMBERED_ERRORS))
    _read_until: dict[Path, int] = field(default_factory=dict[Path, int])

    def begin(self) -> None:
        """What the files hold now is of earlier runs."""
        self._read_until = {path: _size(path) for path in self.paths}

    def look(self) -> None:
        for path in self.paths:
            self._count(path)
            if self._read_until.get(path, 0) > self.max_bytes:
                self._cut(path)

    def _count(self, path: Path) -> None:
        start = self._read_until.get(path, 0)
        if _size(path) <= start:
            return
        with path.open("rb") as file:
            file.seek(start)
            whole, newline, _ = file.read().rpartition(b"\n")
        self._read_until[path] = start + len(whole) + len(newline)
        for line in whole.splitlines():
            if fault := severe(line):
                self.errors += 1
                self.last_errors.append(f"{path.stem}: {fault}")

    def _cut(self, path: Path) -> None:
        """Keeps the older half of the story under another name."""
        shutil.copyfile(path, path.with_name(f"{path.name}.1"))
        path.with_name(f"{path.name}.1").chmod(0o600)
        with path.open("r+b") as file:
            file.truncate(0)
        self._read_until[path] = 0


def severe(line: bytes) -> str:
    """The action and reason of an error line, an empty string for every other line."""
    fields = json_fields(line)
    if fields.get("level") not in SEVERE:
        return ""
    return " ".join(str(fields[name]) for name in ("action", "reason") if fields.get(name))


def last_words(log: Path) -> str:
    """Why a service ended: the reason of its last line, which is JSON unless it died before its log was set up."""
    try:
        lines = log.read_bytes().strip().splitlines()
    except OSError:
        return "no output"
    if not lines:
        return "no output"
    fields = json_fields(lines[-1])
    return str(fields.get("reason") or fields.get("action") or lines[-1].decode(errors="replace"))


def json_fields(line: bytes) -> dict[str, object]:
    """The fields of a JSON log line; nothing for a line of another kind."""
    try:
        found: object = json.loads(line)
    except ValueError:
        return {}
    return cast("dict[str, object]", found) if isinstance(found, dict) else {}


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError:
        return 0
