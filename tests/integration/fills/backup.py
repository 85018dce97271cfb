"""A copy of everything that an account's history is in, brought back later: the tables forget, the venue does not."""

from __future__ import annotations

from typing import LiteralString

from tests.integration.executor.trading_floor import Floor

TABLES: tuple[LiteralString, ...] = (
    *("account", "orders", "order_event", "fill", "unmatched_fill", "positions", "position_leg", "settlement"),
    *("ledger_entry", "market_guard", "breaker", "shadow_entry", "cash_statement", "outbox"),
)


async def back_up(floor: Floor) -> None:
    await floor.execute("drop schema if exists backup cascade")
    await floor.execute("create schema backup")
    for table in TABLES:
        await floor.execute("create table backup." + table + " as table " + table)


async def restore(floor: Floor) -> None:
    """In one transaction, as if it had never been otherwise."""
    await floor.execute("begin")
    await floor.execute("set local session_replication_role = replica")
    for table in TABLES:
        await floor.execute("delete from " + table)
        await floor.execute("insert into " + table + " overriding system value select * from backup." + table)
    await floor.execute("commit")
