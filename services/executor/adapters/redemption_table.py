"""The table of redemptions in Postgres."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, LiteralString

import psycopg

from services.executor.domain.redemption import Over, Redemption, Signed, Status
from services.executor.ports import TableUnavailableError
from shared.db.lease import Lease
from shared.db.pool import Pool, load_sql
from shared.db.records import market_of
from shared.domain.clock import Clock
from shared.domain.ids import AccountId, RedemptionId
from shared.domain.money import Cash, Shares
from shared.domain.redemption import Action
from shared.fault_points import reach

SQL = load_sql(Path(__file__).parent / "sql")
DETAIL_CHARACTERS = 500
Row = Sequence[Any]


class PostgresRedemptions:
    def __init__(self, pool: Pool, account: AccountId, lease: Lease, clock: Clock) -> None:
        self._pool = pool
        self._account = account
        self._lease = lease
        self._clock = clock

    async def oldest_under_way(self) -> Redemption | None:
        rows = await self._rows(SQL["redemption_under_way"], {"account": self._account})
        return _redemption(rows[0]) if rows else None

    async def sign(self, redemption: RedemptionId, signed: Signed) -> bool:
        parameters = {
            "redemption": redemption,
            "leaves": signed.leaves.value,
            "signed": signed.body,
            "valid_until": signed.valid_until,
        }
        rows = await self._rows(SQL["sign_redemption"], parameters | self._fence())
        reach("redemption_recorded")
        return bool(rows[0][0])

    async def submitted(self, redemption: RedemptionId, transaction: str) -> None:
        await self._move(redemption, Status.SUBMITTED, transaction, "")

    async def end(self, redemption: RedemptionId, over: Over) -> None:
        await self._move(redemption, over.status, None, over.detail)

    async def _move(self, redemption: RedemptionId, status: Status, transaction: str | None, detail: str) -> None:
        parameters = {
            "redemption": redemption,
            "status": str(status),
            "transaction": transaction,
            "detail": detail[:DETAIL_CHARACTERS],
            "occurred_at": self._clock.now(),
        }
        await self._rows(SQL["move_redemption"], parameters | self._fence())

    def _fence(self) -> dict[str, object]:
        return {"lease": self._lease.name, "epoch": self._lease.epoch or 0}

    async def _rows(self, statement: LiteralString, parameters: Mapping[str, object]) -> list[Row]:
        try:
            async with self._pool.connection() as connection:
                return list(await (await connection.execute(statement, parameters, prepare=True)).fetchall())
        except psycopg.Error as error:
            raise TableUnavailableError(f"{type(error).__name__}: {error}") from error


def _redemption(row: Row) -> Redemption:
    redemption, action, cash, status, body, valid_until, leaves, transaction, *market = row
    return Redemption(
        RedemptionId(redemption),
        market_of(*market),
        Action(action),
        Cash(cash),
        Status(status),
        None if body is None else Signed(bytes(body), valid_until, Shares(leaves)),
        transaction,
    )
