"""Domain time as a replay counts it: whole milliseconds since 1970 UTC, as recordings do."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MILLISECOND = timedelta(milliseconds=1)
FOREVER_MS = 1 << 62


def instant(ms: int) -> datetime:
    return EPOCH + timedelta(milliseconds=ms)


def milliseconds(at: datetime) -> int:
    return (at - EPOCH) // MILLISECOND
