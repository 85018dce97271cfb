"""Append-only record of facts, so that a killed simulator has forgotten nothing."""

import os
from pathlib import Path

import msgspec

from venue_sim.facts import Fact

_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder(Fact).decode


class CorruptJournalError(Exception):
    """A line before the last is not a fact."""


class Journal:
    """One line of JSON a fact in `journal.jsonl`; each is handed to the kernel before the caller goes on."""

    def __init__(self, directory: Path) -> None:
        directory.mkdir(parents=True, exist_ok=True)
        self.path = directory / "journal.jsonl"
        self.facts = self._read()
        self._file = os.open(self.path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)

    def append(self, fact: Fact) -> None:
        os.write(self._file, _encode(fact) + b"\n")

    def close(self) -> None:
        os.close(self._file)

    def _read(self) -> list[Fact]:
        """All whole lines; a torn last line is what a kill leaves behind and is cut off."""
        if not self.path.exists():
            return []
        lines = self.path.read_bytes().split(b"\n")
        torn = lines.pop()
        if torn:
            os.truncate(self.path, self.path.stat().st_size - len(torn))
        return [self._parse(number, line) for number, line in enumerate(lines, 1)]

    def _parse(self, number: int, line: bytes) -> Fact:
        try:
            return _decode(line)
        except msgspec.MsgspecError as error:
            message = f"{self.path}: line {number} is not a journal entry; move the file away to start afresh"
            raise CorruptJournalError(message) from error


class NoJournal:
    """A simulator that forgets on exit."""

    facts: tuple[Fact, ...] = ()

    def append(self, fact: Fact) -> None:
        pass

    def close(self) -> None:
        pass
