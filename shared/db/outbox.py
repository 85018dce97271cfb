"""Outbox rows, claimed by one relay at a time."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime
from typing import Any, LiteralString, cast

import msgspec
import psycopg
from psycopg_pool import PoolTimeout

from shared.db.pool import Pool, call
from shared.messages.envelope import Envelope
from shared.messages.outbox import OutboxRow

BATCH = 100

CLAIM = """
select outbox_id, subject, message_id, schema, occurred_at, recorded_at, producer, correlation_id, causation_id,
       key, key_sequence, body::text
from outbox where published_at is null order by outbox_id limit %s for update skip locked
"""
PRUNE = "select prune_outbox()"
REFILL = "select refill_stream(%s, %s, %s)"
MARK = "update outbox set published_at = clock_timestamp() where outbox_id = any(%s)"


class PostgresOutbox:
    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def drain(self, publish: Callable[[Sequence[OutboxRow]], Awaitable[list[int]]]) -> int:
        """One batch in one transaction; returns how many rows were handed out. Raises ConnectionError."""
        try:
            return await self._drain(publish)
        except (psycopg.OperationalError, PoolTimeout) as error:
            raise ConnectionError(str(error)) from None

    async def refill(self, stream: str, made_at: datetime, subjects: Sequence[str]) -> int:
        """How many facts of the stream wait again, because it was made anew. Raises ConnectionError."""
        return await self._count(REFILL, (stream, made_at, list(subjects)))

    async def prune(self) -> int:
        """How many facts of more than a day ago went, a thousand at most. Raises ConnectionError."""
        return await self._count(PRUNE, ())

    async def _count(self, statement: LiteralString, parameters: Sequence[object]) -> int:
        try:
            return cast("int", await call(self._pool, statement, parameters))
        except (psycopg.OperationalError, PoolTimeout) as error:
            raise ConnectionError(str(error)) from None

    async def _drain(self, publish: Callable[[Sequence[OutboxRow]], Awaitable[list[int]]]) -> int:
        async with self._pool.connection() as connection, connection.transaction():
            rows = [_row(row) for row in await (await connection.execute(CLAIM, (BATCH,))).fetchall()]
            if rows:
                await connection.execute(MARK, (await publish(rows),))
            return len(rows)


def _row(row: Sequence[Any]) -> OutboxRow:
    (
        outbox_id,
        subject,
        message_id,
        schema,
        occurred,
        recorded,
        producer,
        correlation,
        causation,
        key,
        sequence,
        body,
    ) = row
    envelope = Envelope(
        message_id=message_id,
        schema=schema,
        occurred_at=occurred,
        recorded_at=recorded,
        producer=producer,
        correlation_id=correlation,
        causation_id=causation,
        key=key,
        key_sequence=sequence,
        body=msgspec.Raw(body.encode()),
    )
    return OutboxRow(outbox_id, subject, envelope)
