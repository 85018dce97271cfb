"""The bugs that cost public bots their money, one a function: each is planted into a worker's process or database."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime, timedelta
from typing import Any

import psycopg

from cli.simulate import run
from cli.simulate.plan import READY_SECONDS, TROUBLE_SECONDS, Blow, Deed
from cli.simulate.tables import on_virtual_time
from services.executor.domain.gate import Gate
from services.executor.domain.resolution import Patience
from services.executor.handlers.place import PlaceEntries
from services.fills.domain.sightings import FAILED, FillSeen
from services.fills.handlers.book import BookFills
from shared.db import outbox
from shared.db.migrate import FUNCTIONS
from shared.db.outbox import PostgresOutbox
from shared.messages.outbox import OutboxRow


def book_without_a_second_look(conninfo: str) -> None:
    """`book_fill` takes every sighting for a new fill."""
    _replace(conninfo, "60_fill", "if found then return merge_fill", "if false then return merge_fill")


def sign_anew_for_every_try(_conninfo: str) -> None:
    posted = PlaceEntries._posted  # pyright: ignore[reportPrivateUsage]

    async def signed_anew(self: Any, sending: Any) -> Any:
        if sending.has_doubt:
            sending.signed = self._signed(sending.wanted, self._markets.known(sending.wanted.market))
        return await posted(self, sending)

    PlaceEntries._posted = signed_anew  # type: ignore[method-assign]


def tell_facts_at_most_once(_conninfo: str) -> None:
    """Rows of the outbox are done with before the stream has them."""

    async def drained(self: Any, publish: Callable[[Sequence[OutboxRow]], Awaitable[list[int]]]) -> int:
        async with self._pool.connection() as connection, connection.transaction():
            cursor = await connection.execute(outbox.CLAIM, (outbox.BATCH,))
            rows = [outbox._row(row) for row in await cursor.fetchall()]  # pyright: ignore[reportPrivateUsage]
            await connection.execute(outbox.MARK, ([row.outbox_id for row in rows],))
        if rows:
            await publish(rows)
        return len(rows)

    PostgresOutbox._drain = drained  # type: ignore[method-assign]


def ignore_failed_trades(_conninfo: str) -> None:
    """Where most trades fail."""
    _do([Blow(READY_SECONDS, Deed.FAULT, "trade_fails", TROUBLE_SECONDS - READY_SECONDS, chance=0.8)])
    fill = BookFills.fill

    async def hopeful(self: BookFills, seen: FillSeen, heard_at_seconds: float | None = None) -> str:
        return "seen" if seen.status == FAILED else await fill(self, seen, heard_at_seconds)

    BookFills.fill = hopeful  # type: ignore[method-assign]


def trade_expired_intents(conninfo: str) -> None:
    """The executor is paused again and again for longer than an intent is valid, and so soon after it has renewed its
    lease (it does when it wakes up, and two seconds later) that the lease is not what stops it."""
    _do([Blow(4 + 4.7 * number, Deed.PAUSE, "executor", 2.6) for number in range(5)])
    refusal = Gate.refusal

    def patient(self: Gate, valid_until: datetime, wall_now: datetime, **rest: bool) -> str | None:
        return refusal(self, max(valid_until, wall_now), wall_now, **rest)

    Gate.refusal = patient  # type: ignore[method-assign]
    _replace(conninfo, "40_reserve", "if clock_timestamp() > p_valid_until then", "if false then")


def release_what_is_uncertain_early(_conninfo: str) -> None:
    """An order that the venue does not show yet counts as one that it never had. Requests get stuck all the time, since
    it takes one that arrives long after we gave up waiting for it."""
    _do([Blow(READY_SECONDS, Deed.WEATHER, "request_stuck", TROUBLE_SECONDS - READY_SECONDS)])

    def impatient(_place_timeout_seconds: float, cancel_ttl_wall_seconds: float) -> Patience:
        return Patience(absence=timedelta(days=-1), cancel=timedelta(seconds=cancel_ttl_wall_seconds))

    Patience.of = impatient  # type: ignore[method-assign, assignment]


def _do(planned: Sequence[Blow]) -> None:
    """This instead of what the seeds plan."""

    def blows(_seed: int, _until_seconds: float) -> Sequence[Blow]:
        return planned

    run.blows = blows


def _replace(conninfo: str, functions: str, right: str, wrong: str) -> None:
    text = (FUNCTIONS / f"{functions}.sql").read_text()
    if right not in text:
        raise LookupError(f"{functions}.sql holds no {right!r} any more; plant this bug in another way")
    planted: Any = on_virtual_time(text.replace(right, wrong))  # type: ignore[arg-type]
    with psycopg.connect(conninfo, autocommit=True) as connection:
        connection.execute(planted)
