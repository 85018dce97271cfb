"""The files of a replay: the same records give the same bytes."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import msgspec

from lab.replay.run import Outcome
from lab.replay.summary import Summary
from shared.domain.money import Cash, Price, Shares

FILES = ("decisions.jsonl", "orders.jsonl", "fills.jsonl", "settlements.jsonl", "shadows.jsonl", "summary.json")


def write(outcome: Outcome, folder: Path) -> None:
    """Makes the folder and replaces its files. Raises OSError."""
    folder.mkdir(parents=True, exist_ok=True)
    records = outcome.records
    rows: tuple[Sequence[object], ...] = (
        records.decisions,
        records.orders,
        records.fills,
        records.settlements,
        records.shadows,
    )
    for name, lines in zip(FILES, rows, strict=False):
        (folder / name).write_bytes(_ENCODER.encode_lines(lines))
    (folder / FILES[-1]).write_bytes(msgspec.json.format(_ENCODER.encode(outcome.summary), indent=2) + b"\n")


def as_document(summary: Summary) -> object:
    """Plain text, numbers, lists and objects; money as text."""
    return msgspec.json.decode(_ENCODER.encode(summary))


def _plain(value: object) -> str:
    if isinstance(value, Cash | Price | Shares):
        return str(value)
    raise NotImplementedError(f"no plain form of {type(value).__name__}")


_ENCODER = msgspec.json.Encoder(enc_hook=_plain)
